from pathlib import Path

TABLE = Path(__file__).with_name("communes.csv")
