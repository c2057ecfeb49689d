def put(text: str) -> bool:
    return False


def tool():
    return None
