from supervisor.core.model import Power


class PowerWatch:
    def __init__(self, tell):
        self.tell = tell

    def start(self):
        pass

    def close(self):
        pass
