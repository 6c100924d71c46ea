// The device files: paths, open, stat, access, dup, fork, close-on-exec, other file operations.
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "suite.h"

#define DEVICE "/dev/sgx_enclave"
#define PROVISION "/dev/sgx_provision"

static int device(void) {
  return WORKS(open(DEVICE, O_RDWR | O_CLOEXEC));
}

TEST(open_in_each_mode) {
  int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_CLOEXEC, O_RDWR | O_NONBLOCK, O_RDWR | O_CREAT, O_RDWR | O_TRUNC};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    int fd = WORKS(open(DEVICE, modes[i], 0600));
    int flags = WORKS(fcntl(fd, F_GETFL));
    EQ(modes[i] & O_ACCMODE, flags & O_ACCMODE);
    EQ(modes[i] & O_NONBLOCK, modes[i] & flags & O_NONBLOCK);
    EQ(modes[i] & O_CLOEXEC ? FD_CLOEXEC : 0, WORKS(fcntl(fd, F_GETFD)));
    WORKS(close(fd));
    FAILS(EBADF, close(fd));
  }
}

LIMIT_TEST(a_descriptor_blocks_unless_asked_not_to, "device files") {
  EQ(0, WORKS(fcntl(device(), F_GETFL)) & O_NONBLOCK);
}

TEST(open_that_fails) {
  FAILS(EEXIST, open(DEVICE, O_RDWR | O_CREAT | O_EXCL, 0600));
  FAILS(ENOTDIR, open(DEVICE, O_RDONLY | O_DIRECTORY));
  FAILS(ENOTDIR, open(DEVICE "/", O_RDWR));
  FAILS(ENOTDIR, open(DEVICE "/x", O_RDWR));
  FAILS(ENOENT, open(DEVICE "x", O_RDWR));
  FAILS(EFAULT, open((char *)1, O_RDWR));
}

TEST(open_by_every_call_and_path) {
  int fd = WORKS(syscall(SYS_open, DEVICE, O_RDWR, 0));
  WORKS(close(fd));
  fd = WORKS(openat(-1, DEVICE, O_RDWR));
  WORKS(close(fd));
  int dev = WORKS(open("/dev", O_RDONLY | O_DIRECTORY));
  fd = WORKS(openat(dev, "sgx_enclave", O_RDWR));
  WORKS(close(fd));
  struct {
    uint64_t flags, mode, resolve;
  } how = {O_RDWR | O_CLOEXEC, 0, 0};
  fd = WORKS(syscall(SYS_openat2, AT_FDCWD, DEVICE, &how, sizeof how));
  EQ(FD_CLOEXEC, WORKS(fcntl(fd, F_GETFD)));
  WORKS(close(fd));
  WORKS(chdir("/dev"));
  fd = WORKS(open("sgx_enclave", O_RDWR));
  WORKS(close(fd));
  fd = WORKS(open("./../dev//sgx_enclave", O_RDWR));
  struct stat at;
  WORKS(fstat(fd, &at));
  TRUE(S_ISCHR(at.st_mode));
  WORKS(close(fd));
}

TEST(open_through_a_symbolic_link) {
  char folder[] = "/tmp/abi-suite-XXXXXX", name[64];
  TRUE(mkdtemp(folder) != NULL);
  snprintf(name, sizeof name, "%s/device", folder);
  WORKS(symlink(DEVICE, name));
  int fd = open(name, O_RDWR), error = errno;
  struct stat at;
  int missing = stat(name, &at);
  FAILS(ELOOP, open(name, O_RDWR | O_NOFOLLOW));
  unlink(name);
  rmdir(folder);
  errno = error;
  WORKS(fd);
  EQ(0, missing);
  TRUE(S_ISCHR(at.st_mode));
}

TEST(stat_says_character_device) {
  const char *paths[] = {DEVICE, PROVISION};
  dev_t last = 0;
  for (int i = 0; i < 2; i++) {
    struct stat a, b, c;
    WORKS(stat(paths[i], &a));
    TRUE(S_ISCHR(a.st_mode));
    EQ(10, major(a.st_rdev)); // misc
    TRUE(a.st_rdev != last);
    last = a.st_rdev;
    EQ(0, a.st_size);
    int fd = WORKS(open(paths[i], O_RDONLY));
    WORKS(fstat(fd, &b));
    WORKS(lstat(paths[i], &c));
    EQ(a.st_rdev, b.st_rdev);
    EQ(a.st_mode, b.st_mode);
    EQ(a.st_ino, b.st_ino);
    EQ(a.st_dev, b.st_dev);
    EQ(a.st_ino, c.st_ino);
    EQ(a.st_mode, c.st_mode);
    WORKS(fstatat(fd, "", &c, AT_EMPTY_PATH));
    EQ(a.st_rdev, c.st_rdev);
    struct statx x;
    WORKS(statx(AT_FDCWD, paths[i], 0, STATX_BASIC_STATS, &x));
    EQ(a.st_mode, x.stx_mode);
    EQ(a.st_rdev, makedev(x.stx_rdev_major, x.stx_rdev_minor));
    WORKS(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x));
    EQ(a.st_rdev, makedev(x.stx_rdev_major, x.stx_rdev_minor));
    WORKS(close(fd));
  }
  FAILS(ENOTDIR, stat(DEVICE "/", &(struct stat){0}));
  FAILS(EFAULT, syscall(SYS_stat, DEVICE, 1));
}

TEST(access_of_the_device) {
  WORKS(access(DEVICE, F_OK));
  WORKS(access(DEVICE, R_OK | W_OK));
  WORKS(faccessat(AT_FDCWD, PROVISION, R_OK, 0));
  WORKS(faccessat(AT_FDCWD, DEVICE, R_OK | W_OK, AT_EACCESS));
  FAILS(EACCES, access(DEVICE, X_OK));
  FAILS(ENOENT, access(DEVICE "2", F_OK));
  FAILS(EINVAL, readlink(DEVICE, (char[8]){0}, 8));
}

LIMIT_TEST(the_link_in_proc_names_the_device, "device files") {
  char name[64], link[64] = "";
  snprintf(name, sizeof name, "/proc/self/fd/%d", device());
  WORKS(readlink(name, link, sizeof link - 1));
  EQ(0, strcmp(DEVICE, link));
}

TEST(reopen_through_proc) {
  char name[64];
  int fd = device();
  struct enclave e;
  enclave_prepare(&e, 0);
  e.fd = fd;
  EQ(0, enclave_create(&e));
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  e.fd = WORKS(open(name, O_RDWR)); // another enclave
  EQ(0, enclave_create(&e));
}

LIMIT_TEST(the_folder_lists_the_device, "device files") {
  DIR *dev = opendir("/dev");
  TRUE(dev != NULL);
  int seen = 0;
  for (struct dirent *entry; (entry = readdir(dev)) != NULL;) {
    seen += strcmp(entry->d_name, "sgx_enclave") == 0 || strcmp(entry->d_name, "sgx_provision") == 0;
  }
  EQ(2, seen);
}

LIMIT_TEST(read_and_write_are_refused, "device files") {
  char byte = 0;
  int fd = WORKS(open(DEVICE, O_RDWR | O_NONBLOCK));
  FAILS(EINVAL, read(fd, &byte, 1));
  FAILS(EINVAL, write(fd, &byte, 1));
}

TEST(seek_is_refused) {
  FAILS(ESPIPE, lseek(device(), 0, SEEK_SET));
}

TEST(a_descriptor_can_be_duplicated) {
  struct enclave e;
  enclave_prepare(&e, 0);
  int fd = device(), second = WORKS(dup(fd)), third = WORKS(fcntl(fd, F_DUPFD_CLOEXEC, 50));
  WORKS(dup2(fd, 77));
  WORKS(dup3(fd, 78, O_CLOEXEC));
  e.fd = second;
  EQ(0, enclave_create(&e));
  e.fd = 77;
  EQ(EINVAL, enclave_create(&e)); // it is one enclave
  WORKS(close(fd));
  WORKS(close(second));
  e.fd = third;
  static char page[PAGE] __attribute__((aligned(4096)));
  EQ(0, enclave_add(&e, DATA, page, PAGE, SI_REG | SI_R, true));
  e.fd = 78;
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
}

static void create_through(void *arg) {
  EQ(0, enclave_create(arg));
}

TEST(a_child_shares_the_enclave) {
  struct enclave e;
  enclave_open(&e, 0);
  EQ(0, in_child(create_through, &e));
  EQ(EINVAL, enclave_create(&e));
}

TEST(a_descriptor_can_be_sent) {
  int sockets[2];
  WORKS(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
  struct enclave e;
  enclave_open(&e, 0);
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), &e.fd, sizeof(int));
  struct iovec byte = {"x", 1};
  struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  WORKS(sendmsg(sockets[0], &message, 0));
  WORKS(close(e.fd));
  char received;
  byte.iov_base = &received;
  memset(&control, 0, sizeof control);
  WORKS(recvmsg(sockets[1], &message, 0));
  memcpy(&e.fd, CMSG_DATA(&control.header), sizeof(int));
  EQ(0, enclave_create(&e));
  EQ(EINVAL, enclave_create(&e));
}

// What the suite becomes after an exec, with the test's words.
int exec_child(char **args) {
  int fd = atoi(args[1]);
  if (strcmp(args[0], "closed") == 0) {
    return fcntl(fd, F_GETFD) == -1 && errno == EBADF ? 0 : 1;
  }
  struct enclave e;
  enclave_prepare(&e, 0);
  e.fd = fd;
  if (strcmp(args[0], "created") == 0) {
    return enclave_create(&e) == EINVAL ? 0 : 1;
  }
  struct enclave other; // a program after an exec has the device and the vDSO too
  enclave_build(&other, 0);
  enclave_write8(&other, other.base + SPARE, 42);
  return enclave_read8(&other, other.base + SPARE) == 42 && enclave_create(&e) == EINVAL ? 0 : 1;
}

struct exec {
  const char *word;
  int fd;
};

static void exec_self(void *arg) {
  struct exec *exec = arg;
  char fd[16];
  snprintf(fd, sizeof fd, "%d", exec->fd);
  execl("/proc/self/exe", "abi-suite", "--child", exec->word, fd, NULL);
  fail("exec of the suite");
}

TEST(close_on_exec) {
  struct enclave e;
  enclave_open(&e, 0);
  EQ(0, enclave_create(&e));
  EQ(0, in_child(exec_self, &(struct exec){"closed", e.fd}));
  WORKS(fcntl(e.fd, F_SETFD, 0));
  EQ(0, in_child(exec_self, &(struct exec){"created", e.fd}));
}

TEST(exec_with_a_live_enclave) {
  struct enclave e;
  enclave_build(&e, 0);
  WORKS(fcntl(e.fd, F_SETFD, 0));
  EQ(0, in_child(exec_self, &(struct exec){"whole", e.fd}));
  enclave_write8(&e, e.base + SPARE, 7);
  EQ(7, enclave_read8(&e, e.base + SPARE));
}

TEST(a_mapping_outlives_the_descriptor) {
  struct enclave e;
  enclave_build(&e, 0);
  WORKS(close(e.fd));
  e.fd = -1;
  enclave_write8(&e, e.base + SPARE, 99);
  EQ(99, enclave_read8(&e, e.base + SPARE));
  enclave_destroy(&e);
}

TEST(descriptors_of_the_provision_device) {
  int fd = WORKS(open(PROVISION, O_RDONLY));
  FAILS(ENOTTY, ioctl(fd, SGX_CREATE, &(struct sgx_create){0}));
  FAILS(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
}

TEST(descriptor_calls_of_any_file) {
  int fd = device(), on = 1;
  WORKS(ioctl(fd, FIONBIO, &on));
  EQ(O_NONBLOCK, WORKS(fcntl(fd, F_GETFL)) & O_NONBLOCK);
  WORKS(ioctl(fd, FIONCLEX));
  EQ(0, WORKS(fcntl(fd, F_GETFD)));
  WORKS(ioctl(fd, FIOCLEX));
  EQ(FD_CLOEXEC, WORKS(fcntl(fd, F_GETFD)));
}

LIMIT_TEST(the_device_is_always_ready, "device files") {
  struct pollfd fd = {device(), POLLIN, 0};
  EQ(1, WORKS(poll(&fd, 1, 0)));
}

TEST(many_opens) {
  int fds[200];
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 200; i++) {
      fds[i] = device();
    }
    for (int i = 0; i < 200; i++) {
      WORKS(close(fds[i]));
    }
  }
}
