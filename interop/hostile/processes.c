// Processes and threads in great number and by every call that makes one.
#include <linux/sched.h>
#include <sched.h>

#include "common.h"

static void vforks(void) {
  for (volatile int i = 0; i < 40; i++) {
    pid_t pid = vfork();
    if (pid == 0) {
      execl("/bin/true", "true", NULL);
      _exit(1);
    }
    waitpid(pid, NULL, 0);
  }
  works();
}

static void clone3s(void) {
  for (int i = 0; i < 20; i++) {
    struct clone_args args = {.exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
      works();
      _exit(7);
    }
    if (pid < 0) {
      if (errno == ENOSYS || errno == EPERM) {
        return; // refused; the library falls back
      }
      fail("clone3");
    }
    int status;
    waitpid((pid_t)pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 7) {
      errno = 0;
      fail("a child by clone3 ended with %#x", status);
    }
  }
  syscall(SYS_clone3, NULL, 0);
  syscall(SYS_clone3, (void *)1, 64);
  syscall(SYS_clone3, (void *)-8, 1UL << 40);
}

static char stack[262144] __attribute__((aligned(4096)));

static int shares_memory(void *arg) {
  works();
  return (int)(long)arg;
}

static void shared_memory_without_thread(void) {
  int flags[] = {CLONE_VM | SIGCHLD, CLONE_VM | CLONE_FILES | SIGCHLD, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD};
  for (int i = 0; i < 3; i++) {
    int pid = clone(shares_memory, stack + sizeof stack, flags[i], (void *)5L);
    if (pid < 0) {
      fail("clone");
    }
    int status;
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 5) {
      errno = 0;
      fail("a child that shares memory ended with %#x", status);
    }
  }
  works();
}

static void tree(int depth) {
  if (depth == 0) {
    works();
    return;
  }
  for (int i = 0; i < 3; i++) {
    if (fork() == 0) {
      tree(depth - 1);
      _exit(0);
    }
  }
  while (wait(NULL) > 0) {
  }
}

static void forks(void) {
  tree(3); // 39 processes
}

static void orphans(void) {
  for (int i = 0; i < 10; i++) {
    if (fork() == 0) {
      if (fork() == 0) {
        usleep(20000);
        works();
      }
      _exit(0);
    }
  }
  while (wait(NULL) > 0) {
  }
}

static void *nothing(void *arg) {
  return arg;
}

static void *builds(void *arg) {
  works();
  return arg;
}

static void threads(void) {
  for (int i = 0; i < 60; i++) {
    pthread_t ids[5];
    for (int k = 0; k < 5; k++) {
      pthread_create(&ids[k], NULL, i % 10 == 0 ? builds : nothing, NULL);
    }
    for (int k = 0; k < 5; k++) {
      pthread_join(ids[k], NULL);
    }
  }
}

static void *forks_in_a_thread(void *arg) {
  for (int i = 0; i < 5; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      works();
      _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    if (status != 0) {
      errno = 0;
      fail("a child of a thread ended with %#x", status);
    }
  }
  return arg;
}

static void forks_in_threads(void) {
  pthread_t ids[3];
  for (int k = 0; k < 3; k++) {
    pthread_create(&ids[k], NULL, forks_in_a_thread, NULL);
  }
  for (int k = 0; k < 3; k++) {
    pthread_join(ids[k], NULL);
  }
}

static char *self;

static void exec_chain(void) {
  execl(self, self, "15", NULL);
  _exit(1);
}

static void leader_exits(void) {
  pthread_t id;
  pthread_create(&id, NULL, builds, NULL);
  syscall(SYS_exit, 0); // the thread goes on without the first
}

static void new_namespace(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
    _exit(0);
  }
  pid_t pid = fork();
  if (pid == 0) {
    works();
    _exit(0);
  }
  int status;
  waitpid(pid, &status, 0);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

int main(int argc, char **argv) {
  self = argv[0];
  if (argc > 1 && argv[1][0] != '/') {
    works();
    int left = atoi(argv[1]);
    if (left == 0) {
      return 9;
    }
    char next[16];
    snprintf(next, sizeof next, "%d", left - 1);
    execl(self, self, next, NULL);
    return 1;
  }
  expect("vfork and exec", 0, vforks);
  expect("clone3", 0, clone3s);
  expect("shared memory without thread", 0, shared_memory_without_thread);
  expect("forks", 0, forks);
  expect("orphans", 0, orphans);
  expect("threads", 0, threads);
  expect("forks in threads", 0, forks_in_threads);
  expect("a chain of execs", 9, exec_chain);
  expect("the leader exits", 0, leader_exits);
  survives("a new namespace", new_namespace);
  works();
  usleep(100000);
  return failed;
}
