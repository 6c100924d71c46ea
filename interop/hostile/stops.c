// SIGSTOP and SIGCONT in quick succession, while the process builds and enters enclaves.
#include "common.h"

static void works_for_a_while(void) {
  for (double end = seconds() + 2; seconds() < end;) {
    works();
  }
}

int main(void) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    works_for_a_while();
    _exit(0);
  }
  int status, stops = 0;
  for (;;) {
    kill(pid, SIGSTOP);
    if (waitpid(pid, &status, WUNTRACED) != pid) {
      fail("waitpid");
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      break;
    }
    stops += WIFSTOPPED(status);
    kill(pid, SIGCONT);
    usleep(1000 + random64() % 3000);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || stops < 10) {
    errno = 0;
    fail("the child ended with %#x after %d stops", status, stops);
  }
  raise(SIGCONT);
  works();
  return failed;
}
