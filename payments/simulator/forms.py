"""Stripe's nested form encoding, `a[b][0][c]=1`, back into dicts and lists of strings."""

from urllib.parse import parse_qsl


def decode(encoded):
    """The parameters as nested dicts and lists; every leaf is a string."""
    tree = {}
    for key, value in parse_qsl(encoded or "", keep_blank_values=True):
        plant(tree, key.replace("]", "").split("["), value)
    return with_lists(tree)


def plant(tree, path, value):
    *branches, leaf = path
    for branch in branches:
        tree = tree.setdefault(branch, {})
    tree[leaf or str(len(tree))] = value


def with_lists(node):
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [with_lists(node[key]) for key in sorted(node, key=int)]
    return {key: with_lists(value) for key, value in node.items()}
