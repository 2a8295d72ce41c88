// SPDX-License-Identifier: Apache-2.0
/* answer PORT NAME: tells everyone who connects its name and hangs up. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	int server, client, yes = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: answer PORT NAME\n");
		return 2;
	}
	own.sin_port = htons(atoi(argv[1]));
	server = socket(AF_INET, SOCK_STREAM, 0);
	if (server < 0 || setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(server, (struct sockaddr *)&own, sizeof(own)) || listen(server, 1024))
		fail("listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		client = accept(server, NULL, NULL);
		if (client < 0)
			continue; /* it went before its turn */
		/* Who hung up meanwhile is told nothing. */
		send(client, argv[2], strlen(argv[2]), MSG_NOSIGNAL);
		close(client);
	}
}
