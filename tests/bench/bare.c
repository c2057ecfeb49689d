/* The limit: what is appended to a file is passed on to the one client of a socket, in C.
   bare FILE SOCKET */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int count, char **told)
{
    static char block[1 << 20], frame[(1 << 20) + 64], events[4096];
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int listening = socket(AF_UNIX, SOCK_STREAM, 0), notify = inotify_init(), file, client;
    if (count != 3)
        return 2;
    strncpy(name.sun_path, told[2], sizeof name.sun_path - 1);
    if (bind(listening, (struct sockaddr *)&name, sizeof name) || listen(listening, 1))
        return 1;
    client = accept(listening, 0, 0);
    file = open(told[1], O_RDONLY);
    lseek(file, 0, SEEK_END);
    inotify_add_watch(notify, told[1], IN_MODIFY);
    if (write(client, "event: hello\n\n", 14) != 14)
        return 1;
    while (read(notify, events, sizeof events) > 0) {
        ssize_t got = read(file, block, sizeof block - 1);
        if (got <= 0)
            continue;
        block[got] = 0;
        int size = snprintf(frame, sizeof frame, "id: 1\nevent: entry\ndata: %s\n\n", block);
        if (send(client, frame, size, MSG_NOSIGNAL) < 0)
            return 0;
    }
    return 0;
}
