/*
 * hello.c - the least that a libfcgi worker can do: threads around
 * FCGX_Accept_r that answer every request with the bytes of one file. What a
 * real worker is measured against.
 *
 *   hello SOCKET FILE THREADS
 */
#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int listen_fd;
static char *body;
static size_t body_bytes;

static int read_body(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	int rc = -1;

	if (!f || fstat(fileno(f), &st) < 0)
		goto out;
	body_bytes = (size_t)st.st_size;
	body = malloc(body_bytes + 1);
	if (body && fread(body, 1, body_bytes, f) == body_bytes)
		rc = 0;
out:
	if (f)
		fclose(f);
	return rc;
}

static void *answer(void *arg)
{
	FCGX_Request rq;

	(void)arg;
	if (FCGX_InitRequest(&rq, listen_fd, 0) != 0)
		return NULL;
	while (FCGX_Accept_r(&rq) == 0) {
		FCGX_FPrintF(rq.out,
			     "Content-Type: application/json\r\nContent-Length: %lu\r\n\r\n",
			     (unsigned long)body_bytes);
		FCGX_PutStr(body, (int)body_bytes, rq.out);
		FCGX_Finish_r(&rq);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long threads = argc == 4 ? strtol(argv[3], NULL, 10) : 0;

	if (threads < 1 || threads > 1024) {
		fputs("hello SOCKET FILE THREADS\n", stderr);
		return 2;
	}
	if (read_body(argv[2]) < 0) {
		fprintf(stderr, "hello: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	if (FCGX_Init() != 0 || (listen_fd = FCGX_OpenSocket(argv[1], 1024)) < 0) {
		fprintf(stderr, "hello: no socket at %s\n", argv[1]);
		return 1;
	}
	for (long i = 1; i < threads; i++)
		if (pthread_create(&thread, NULL, answer, NULL) != 0) {
			fprintf(stderr, "hello: only %ld threads\n", i);
			return 1;
		}
	answer(NULL);
	return 0;
}
