// SPDX-License-Identifier: Apache-2.0
// Process 1 of a guest that looks at itself becomes the loader, which must be that one; a child of it waits
// until the loader has stated what it made, and runs mapscope on the running kernel, once for each way. Its
// reports go to the disk of the statement, each at a place of its own.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void give_up(const char* what) {
  printf("GUEST FAILED: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  for (;;) pause();
}

/* What the loader says goes to the console; it is done when it says how long its statement is. */
static void wait_for_loader(int from) {
  FILE* said = fdopen(from, "r");
  static char line[1 << 16];
  while (fgets(line, sizeof line, said) != NULL) {
    fputs(line, stdout);
    fflush(stdout);
    if (strncmp(line, "STATEMENT ", 10) == 0) return; /* and the pipe stays open */
  }
  give_up("the loader ended");
}

/* tests/guest/live knows it as well. */
static const off_t place = 256 << 20;

static void report(const char* via, const char* isolate, int number) {
  const char* const disk = "/dev/nvme0n1";
  const int out = open(disk, O_WRONLY);
  if (out < 0 || lseek(out, number * place, SEEK_SET) < 0) give_up(disk);
  const pid_t child = fork();
  if (child == 0) {
    dup2(out, 1);
    char* const words[] = {(char*)"mapscope",
                           (char*)"dump",
                           (char*)"live",
                           (char*)"--via",
                           (char*)via,
                           (char*)"-j",
                           (char*)"--limit",
                           (char*)"0",
                           (char*)"--set",
                           (char*)"report.array_elements=16777216",
                           (char*)"--isolate",
                           (char*)isolate,
                           NULL};
    char* const environment[] = {(char*)"LD_LIBRARY_PATH=/libraries", (char*)"TMPDIR=/tmp", NULL};
    execve("/mapscope/bin/mapscope", words, environment);
    give_up("/mapscope/bin/mapscope");
  }
  int status = 0;
  if (waitpid(child, &status, 0) < 0 || fsync(out) != 0) give_up(disk);
  if (status != 0) printf("GUEST FAILED: mapscope --via %s ended with status %#x\n", via, status);
  close(out);
}

int main(int, char** argv) {
  int ends[2];
  if (pipe(ends) != 0) give_up("pipe");
  if (fork() != 0) {
    dup2(ends[1], 1);
    close(ends[0]), close(ends[1]);
    execv("/loader/init", argv); /* with the kernel's words for a scheduler */
    give_up("/loader/init");
  }
  close(ends[1]);
  wait_for_loader(ends[0]);
  report("peek", "out-of-tree", 1);
  report("kcore", "out-of-tree", 2);
  report("peek", "all", 3);
  report("bpf", "out-of-tree", 4);
  printf("REPORTS WRITTEN\n");
  fflush(stdout);
  for (;;) pause();
}
