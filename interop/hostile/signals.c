// Signals blocked, ignored and given other handlers, alternate stacks that are not there, and enclaves used all the same.
#include <sys/time.h>
#include <ucontext.h>

#include "common.h"

static volatile int stop, caught;
static volatile uintptr_t no_address = 8;

static void count(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  caught++;
}

static void all_blocked(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  works();
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  for (int i = 1; i < 32; i++) {
    if (i != SIGKILL && i != SIGSTOP && sigismember(&now, i) != 1) {
      errno = 0;
      fail("signal %d is blocked no more", i);
    }
  }
  works();
}

static void all_blocked_by_the_call_itself(void) {
  uint64_t all = ~0UL;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
  works();
}

static void all_ignored(void) {
  for (int i = 1; i < 65; i++) {
    signal(i, SIG_IGN);
  }
  works();
}

static void all_handled(void) {
  for (int i = 1; i < 65; i++) {
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | (i % 2 ? SA_ONSTACK : 0) | (i % 3 ? SA_NODEFER : SA_RESETHAND)};
    sigfillset(&action.sa_mask);
    sigaction(i, &action, NULL);
  }
  works();
  if (caught != 0) {
    errno = 0;
    fail("the program saw %d signals that were jsgx's", caught);
  }
  raise(SIGUSR1);
  raise(SIGSYS);
  raise(SIGILL);
  raise(SIGTRAP);
  if (caught != 4) {
    errno = 0;
    fail("4 signals were raised, %d came", caught);
  }
  works();
}

static void handlers_are_told_as_they_were_set(void) {
  for (int i = 1; i < 32; i++) {
    struct sigaction found;
    if (i == SIGKILL || i == SIGSTOP) {
      continue;
    }
    sigaction(i, NULL, &found);
    if (found.sa_handler != SIG_DFL) {
      errno = 0;
      fail("signal %d has a handler that the program did not set", i);
    }
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(i, &action, NULL);
    sigaction(i, NULL, &found);
    if (found.sa_sigaction != count || (found.sa_flags & ~0x04000000) != action.sa_flags) {
      errno = 0;
      fail("signal %d's handler is told as %p, flags %#x", i, (void *)found.sa_sigaction, found.sa_flags);
    }
  }
  works();
}

static void *changes_handlers(void *arg) {
  while (!stop) {
    int signals[] = {SIGSEGV, SIGILL, SIGSYS, SIGTRAP, SIGBUS, SIGFPE, SIGUSR1};
    for (int i = 0; i < 7; i++) {
      struct sigaction action = {.sa_handler = random64() % 2 ? SIG_DFL : SIG_IGN};
      sigaction(signals[i], &action, NULL);
    }
  }
  return arg;
}

static void handlers_change_while_inside(void) {
  pthread_t id;
  pthread_create(&id, NULL, changes_handlers, NULL);
  for (double end = seconds() + 1; seconds() < end;) {
    works();
  }
  stop = 1;
  pthread_join(id, NULL);
}

static void alternate_stacks(void) {
  stack_t found, stacks[] = {{.ss_flags = SS_DISABLE},
                             {.ss_sp = (void *)0x1000, .ss_size = 65536},
                             {.ss_sp = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .ss_size = 65536},
                             {.ss_sp = malloc(65536), .ss_size = 65536},
                             {.ss_sp = malloc(65536), .ss_size = 65536, .ss_flags = (int)(1u << 31)}};
  for (int i = 0; i < 5; i++) {
    sigaltstack(&stacks[i], NULL);
    works();
    if (sigaltstack(NULL, &found) != 0 || (i > 0 && found.ss_sp != stacks[i].ss_sp)) {
      errno = 0;
      fail("the alternate stack is told as %p", found.ss_sp);
    }
  }
  if (sigaltstack(&(stack_t){.ss_sp = malloc(64), .ss_size = 64}, NULL) != -1 || errno != ENOMEM) {
    fail("a stack of 64 bytes was taken");
  }
}

static char small[65536];

static void on_a_stack_without_access(void) {
  // A handler on a stack that cannot be used: the kernel kills.
  sigaltstack(&(stack_t){.ss_sp = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .ss_size = 65536}, NULL);
  struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  works();
  raise(SIGUSR1);
}

static void blocked_and_faulting(void) {
  // A synchronous fault of a blocked signal kills; it does not hang.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  *(volatile int *)no_address = 1;
}

static void ignored_and_faulting(void) {
  signal(SIGSEGV, SIG_IGN);
  *(volatile int *)no_address = 1;
}

static void blocked_illegal(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  __asm__ volatile("ud2");
}

static void timers(void) {
  struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGPROF, &action, NULL);
  setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL);
  setitimer(ITIMER_PROF, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL);
  for (double end = seconds() + 1; seconds() < end;) {
    works();
  }
}

static void *bombards(void *arg) {
  while (!stop) {
    kill((pid_t)(long)arg, SIGUSR1);
  }
  return NULL;
}

static void bombarded(void) {
  struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t id;
  pthread_create(&id, NULL, bombards, (void *)(long)getpid());
  for (double end = seconds() + 1; seconds() < end;) {
    works();
  }
  stop = 1;
  pthread_join(id, NULL);
}

static void returns_nowhere(void) {
  // A frame of its own making for rt_sigreturn.
  memset(small, 0x41, sizeof small);
  __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall" ::"r"(small + 4096) : "memory");
}

int main(void) {
  expect("all blocked", 0, all_blocked);
  expect("all blocked by the call itself", 0, all_blocked_by_the_call_itself);
  expect("all ignored", 0, all_ignored);
  expect("handlers are told as they were set", 0, handlers_are_told_as_they_were_set);
  expect("all handled", 0, all_handled);
  expect("handlers change while inside", 0, handlers_change_while_inside);
  expect("alternate stacks", 0, alternate_stacks);
  expect("timers", 0, timers);
  expect("bombarded", 0, bombarded);
  expect("a stack without access", 256 + SIGSEGV, on_a_stack_without_access);
  expect("blocked and faulting", 256 + SIGSEGV, blocked_and_faulting);
  expect("ignored and faulting", 256 + SIGSEGV, ignored_and_faulting);
  expect("blocked and illegal", 256 + SIGILL, blocked_illegal);
  survives("a made-up signal frame", returns_nowhere);
  works();
  return failed;
}
