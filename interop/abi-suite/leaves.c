// EREPORT, EGETKEY and the leaves of SGX2 in the enclave: results, codes and faults.
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suite.h"

// Operands lie in DATA: each at a multiple of 512.
enum { IN1 = DATA + 0x200, IN2 = DATA + 0x400, OUT = DATA + 0x600 };

// Looks where it was, and goes on behind ENCLU.
static void skip_enclu(struct enclave *e, struct run *run, void *vector) {
  EQ(*(int *)vector, run->vector);
  EQ(ERESUME, run->function);
  uint64_t rip = e->base + SSA0 + PAGE - sizeof(struct gprsgx) + offsetof(struct gprsgx, rip);
  EQ(CODE_AT(e->base, enclave_leaf), enclave_read8(e, rip));
  enclave_write8(e, rip, CODE_AT(e->base, enclave_leaf) + 3);
  *(int *)vector = -1;
}

static void leaf_raises(struct enclave *e, int number, uint64_t rbx, uint64_t rcx, uint64_t rdx, int vector) {
  struct op op = {OP_LEAF, {(uint64_t)number, rbx, rcx, rdx}};
  call_repaired(e, &op, skip_enclu, &vector);
  EQ(-1, vector); // it was raised
  EQ(number, op.result); // RAX is as it was
}

static void report(struct enclave *e, const struct targetinfo *target, const void *data, struct report *report) {
  enclave_copy(e, target, (void *)(e->base + IN1), sizeof *target);
  enclave_copy(e, data, (void *)(e->base + IN2), 64);
  leaf(e, EREPORT, e->base + IN1, e->base + IN2, e->base + OUT);
  enclave_copy(e, (void *)(e->base + OUT), report, 432);
}

static uint64_t key(struct enclave *e, const struct keyrequest *request, uint8_t key[16]) {
  enclave_copy(e, request, (void *)(e->base + IN1), sizeof *request);
  uint64_t result = leaf(e, EGETKEY, e->base + IN1, e->base + OUT, 0);
  enclave_copy(e, (void *)(e->base + OUT), key, 16);
  return result;
}

TEST(a_report_says_who_the_enclave_is) {
  struct enclave e;
  enclave_build(&e, 0);
  struct targetinfo target = {0};
  uint8_t data[64], signer[32];
  for (int i = 0; i < 64; i++) {
    data[i] = (uint8_t)(i + 1);
  }
  struct report r;
  report(&e, &target, data, &r);
  EQ(0, memcmp(r.mrenclave, e.sig.enclavehash, 32));
  signer_hash(0, signer);
  EQ(0, memcmp(r.mrsigner, signer, 32));
  EQ(ATTR_MODE64BIT | ATTR_INIT, r.attributes);
  EQ(3, r.xfrm);
  EQ(0, r.miscselect);
  EQ(7, r.isvprodid);
  EQ(5, r.isvsvn);
  EQ(0, memcmp(r.reportdata, data, 64));
}

TEST(a_report_is_for_its_target) {
  struct enclave e;
  enclave_build(&e, 0);
  struct targetinfo self = {.attributes = ATTR_MODE64BIT | ATTR_INIT, .xfrm = 3};
  memcpy(self.mrenclave, e.sig.enclavehash, 32);
  struct report r;
  report(&e, &self, "it is sixty-four bytes that an enclave says, whatever they are.", &r);
  struct keyrequest request = {.keyname = KEY_REPORT};
  memcpy(request.keyid, r.keyid, 32);
  uint8_t k[16], mac[16];
  EQ(0, key(&e, &request, k));
  size_t length = 16;
  TRUE(EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, k, 16, (uint8_t *)&r, 384, mac, 16, &length) != NULL);
  EQ(0, memcmp(mac, r.mac, 16));
  self.mrenclave[0] ^= 1; // for another enclave: another key
  struct report other;
  report(&e, &self, "it is sixty-four bytes that an enclave says, whatever they are.", &other);
  EQ(0, memcmp(&r, &other, 384));
  TRUE(memcmp(r.mac, other.mac, 16) != 0);
}

TEST(operands_of_a_report) {
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t b = e.base;
  static struct targetinfo outside;
  leaf_raises(&e, EREPORT, b + IN1 + 256, b + IN2, b + OUT, GP);
  leaf_raises(&e, EREPORT, b + IN1, b + IN2 + 64, b + OUT, GP);
  leaf_raises(&e, EREPORT, b + IN1, b + IN2, b + OUT + 256, GP);
  leaf_raises(&e, EREPORT, (uint64_t)&outside, b + IN2, b + OUT, GP);
  leaf_raises(&e, EREPORT, b + IN1, (uint64_t)&outside, b + OUT, GP);
  leaf_raises(&e, EREPORT, b + IN1, b + IN2, (uint64_t)&outside, GP);
  leaf_raises(&e, EREPORT, NON_CANONICAL, b + IN2, b + OUT, GP);
  leaf_raises(&e, EREPORT, b + IN1, b + IN2, b + READONLY, PF);
  leaf_raises(&e, EREPORT, b + TCS0, b + IN2, b + OUT, PF);
  enclave_write8(&e, b + IN1 + 504, 1); // reserved
  leaf_raises(&e, EREPORT, b + IN1, b + IN2, b + OUT, GP);
}

TEST(sealing_keys) {
  struct enclave e, same, other;
  enclave_build(&e, 0);
  enclave_build(&same, 0);
  struct keyrequest by_enclave = {.keyname = KEY_SEAL, .keypolicy = 1}, by_signer = {.keyname = KEY_SEAL, .keypolicy = 2};
  uint8_t a[16], b[16], c[16], d[16];
  EQ(0, key(&e, &by_enclave, a));
  EQ(0, key(&same, &by_enclave, b));
  EQ(0, memcmp(a, b, 16)); // the same enclave at another address
  EQ(0, key(&e, &by_signer, c));
  TRUE(memcmp(a, c, 16) != 0);
  by_signer.keyid[0] = 1;
  EQ(0, key(&e, &by_signer, d));
  TRUE(memcmp(c, d, 16) != 0);
  by_signer.keyid[0] = 0;
  by_signer.isvsvn = 5;
  EQ(0, key(&e, &by_signer, d));
  TRUE(memcmp(c, d, 16) != 0); // ISVSVN 0 and 5
  by_signer.isvsvn = 0;

  enclave_open(&other, 0); // another enclave of the same signer
  EQ(0, enclave_create(&other));
  enclave_add_all(&other);
  static char page[PAGE] __attribute__((aligned(4096)));
  EQ(0, enclave_add(&other, ADDED, page, PAGE, SI_REG | SI_R, true));
  enclave_sign(&other, 0);
  EQ(0, enclave_init(&other));
  enclave_map(&other, other.fd);
  EQ(0, key(&other, &by_enclave, b));
  TRUE(memcmp(a, b, 16) != 0);
  EQ(0, key(&other, &by_signer, d));
  EQ(0, memcmp(c, d, 16));
}

TEST(codes_of_egetkey) {
  struct enclave e;
  enclave_build(&e, 0);
  uint8_t k[16];
  EQ(SGX_INVALID_KEYNAME, key(&e, &(struct keyrequest){.keyname = 5}, k));
  EQ(SGX_INVALID_KEYNAME, key(&e, &(struct keyrequest){.keyname = 0xffff}, k));
  EQ(SGX_INVALID_ISVSVN, key(&e, &(struct keyrequest){.keyname = KEY_SEAL, .isvsvn = 6}, k));
  struct keyrequest request = {.keyname = KEY_SEAL};
  memset(request.cpusvn, 0xff, 16);
  EQ(SGX_INVALID_CPUSVN, key(&e, &request, k));
  EQ(SGX_INVALID_ATTRIBUTE, key(&e, &(struct keyrequest){.keyname = KEY_LAUNCH}, k));
  EQ(SGX_INVALID_ATTRIBUTE, key(&e, &(struct keyrequest){.keyname = KEY_PROVISION}, k));
  EQ(SGX_INVALID_ATTRIBUTE, key(&e, &(struct keyrequest){.keyname = KEY_PROVISION_SEAL}, k));
}

TEST(operands_of_egetkey) {
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t b = e.base;
  static struct keyrequest outside;
  leaf_raises(&e, EGETKEY, b + IN1 + 16, b + OUT, 0, GP);
  leaf_raises(&e, EGETKEY, b + IN1, b + OUT + 8, 0, GP);
  leaf_raises(&e, EGETKEY, (uint64_t)&outside, b + OUT, 0, GP);
  leaf_raises(&e, EGETKEY, b + IN1, (uint64_t)&outside, 0, GP);
  leaf_raises(&e, EGETKEY, b + IN1, b + READONLY, 0, PF);
  struct keyrequest request = {.keyname = KEY_SEAL, .keypolicy = 0x40};
  enclave_copy(&e, &request, (void *)(b + IN1), sizeof request);
  leaf_raises(&e, EGETKEY, b + IN1, b + OUT, 0, GP);
  request = (struct keyrequest){.keyname = KEY_SEAL, .reserved2 = {[433] = 1}};
  enclave_copy(&e, &request, (void *)(b + IN1), sizeof request);
  leaf_raises(&e, EGETKEY, b + IN1, b + OUT, 0, GP);
}

TEST(the_provisioning_key_needs_its_attribute) {
  struct enclave e;
  enclave_open(&e, ATTR_PROVISIONKEY);
  EQ(0, enclave_create(&e));
  int fd = WORKS(open("/dev/sgx_provision", O_RDONLY));
  WORKS(ioctl(e.fd, SGX_PROVISION, &(struct sgx_provision){(uint64_t)fd}));
  enclave_add_all(&e);
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
  enclave_map(&e, e.fd);
  uint8_t k[16];
  EQ(0, key(&e, &(struct keyrequest){.keyname = KEY_PROVISION}, k));
  EQ(0, key(&e, &(struct keyrequest){.keyname = KEY_PROVISION_SEAL}, k));
  EQ(SGX_INVALID_ATTRIBUTE, key(&e, &(struct keyrequest){.keyname = KEY_LAUNCH}, k));
}

// SGX2.

static void with_room(struct enclave *e) {
  needs_sgx2();
  enclave_build(e, 0);
  if (mmap((void *)(e->base + ADDED), SIZE - ADDED, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED, e->fd, 0) ==
      MAP_FAILED) {
    fail("mmap of the enclave's free pages");
  }
}

static uint64_t accept(struct enclave *e, uint64_t page, uint64_t flags) {
  enclave_write8(e, e->base + IN1, flags);
  return leaf(e, EACCEPT, e->base + IN1, page, 0);
}

static void accept_pending(struct enclave *e, struct run *run, void *at) {
  EQ(PF, run->vector);
  EQ(ERR_SGX | ERR_U | ERR_W | ERR_P, run->error_code); // there, and pending
  EQ((uint64_t)at, run->address);
  EQ(0, accept(e, (uint64_t)at, SI_REG | SI_R | SI_W | SI_PENDING));
}

TEST(a_page_is_augmented_by_a_fault) {
  struct enclave e;
  with_room(&e);
  uint64_t at = e.base + ADDED;
  struct op op = {OP_WRITE, {at + 8, 17}};
  call_repaired(&e, &op, accept_pending, (void *)at);
  EQ(17, enclave_read8(&e, at + 8));
  EQ(0, enclave_read8(&e, at)); // zeroes
  op = (struct op){OP_JUMP, {at}};
  raises(&e, &op, PF, ERR_SGX | ERR_U | ERR_P | ERR_I, at); // EAUG gave no X, and the mapping would
}

TEST(a_page_is_augmented_by_eaccept) {
  struct enclave e;
  with_room(&e);
  for (uint64_t at = e.base + ADDED; at < e.base + SIZE; at += PAGE) {
    EQ(0, accept(&e, at, SI_REG | SI_R | SI_W | SI_PENDING));
    enclave_write8(&e, at, at);
  }
  for (uint64_t at = e.base + ADDED; at < e.base + SIZE; at += PAGE) {
    EQ(at, enclave_read8(&e, at));
  }
}

TEST(eaccept_compares) {
  struct enclave e;
  with_room(&e);
  uint64_t at = e.base + ADDED;
  EQ(SGX_PAGE_ATTRIBUTES_MISMATCH, accept(&e, at, SI_REG | SI_R | SI_PENDING));
  EQ(SGX_PAGE_ATTRIBUTES_MISMATCH, accept(&e, at, SI_REG | SI_R | SI_W | SI_X | SI_PENDING));
  EQ(SGX_PAGE_ATTRIBUTES_MISMATCH, accept(&e, at, SI_TRIM | SI_MODIFIED));
  EQ(SGX_PAGE_ATTRIBUTES_MISMATCH, accept(&e, e.base + SPARE, SI_REG | SI_R | SI_W | SI_PENDING));
  EQ(0, accept(&e, at, SI_REG | SI_R | SI_W | SI_PENDING));
  EQ(SGX_PAGE_ATTRIBUTES_MISMATCH, accept(&e, at, SI_REG | SI_R | SI_W | SI_PENDING)); // it is not pending any more
}

TEST(operands_of_eaccept) {
  struct enclave e;
  with_room(&e);
  uint64_t b = e.base;
  static struct secinfo outside = {SI_REG | SI_R | SI_W | SI_PENDING};
  enclave_write8(&e, b + IN1, SI_REG | SI_R | SI_W | SI_PENDING);
  leaf_raises(&e, EACCEPT, b + IN1 + 8, b + ADDED, 0, GP);
  leaf_raises(&e, EACCEPT, b + IN1, b + ADDED + 8, 0, GP);
  leaf_raises(&e, EACCEPT, (uint64_t)&outside, b + ADDED, 0, GP);
  leaf_raises(&e, EACCEPT, b + IN1, b + SIZE, 0, GP);
  enclave_write8(&e, b + IN1, SI_REG | SI_R | SI_W | SI_PENDING | SI_MODIFIED);
  leaf_raises(&e, EACCEPT, b + IN1, b + ADDED, 0, GP);
  enclave_write8(&e, b + IN1, SI_REG | SI_R | SI_W | SI_PENDING);
  enclave_write8(&e, b + IN1 + 56, 1);
  leaf_raises(&e, EACCEPT, b + IN1, b + ADDED, 0, GP);
}

TEST(eaccept_of_a_page_that_is_not_mapped) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  WORKS(munmap((void *)(e.base + ADDED), SIZE - ADDED));
  enclave_write8(&e, e.base + IN1, SI_REG | SI_R | SI_W | SI_PENDING);
  struct op op = {OP_LEAF, {EACCEPT, e.base + IN1, e.base + ADDED}};
  struct run run;
  EQ(PF, call(&e, &op, &run));
  EQ(e.base + ADDED, run.address);
}

TEST(eacceptcopy_fills_a_page) {
  struct enclave e;
  with_room(&e);
  uint64_t b = e.base, at = b + ADDED;
  raises(&e, &(struct op){OP_READ, {at}}, PF, ERR_SGX | ERR_U | ERR_P, at);
  enclave_write8(&e, b + SPARE, 0xc0de);
  enclave_write8(&e, b + SPARE + 4088, 0xbeef);
  enclave_write8(&e, b + IN1, SI_REG | SI_R | SI_X);
  EQ(0, leaf(&e, EACCEPTCOPY, b + IN1, at, b + SPARE));
  EQ(0xc0de, enclave_read8(&e, at));
  EQ(0xbeef, enclave_read8(&e, at + 4088));
  raises(&e, &(struct op){OP_WRITE, {at, 1}}, PF, ERR_SGX | ERR_U | ERR_W | ERR_P, at); // now R and X
}

TEST(eacceptcopy_needs_a_pending_page) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + IN1, SI_REG | SI_R | SI_W);
  EQ(SGX_PAGE_ATTRIBUTES_MISMATCH, leaf(&e, EACCEPTCOPY, e.base + IN1, e.base + SPARE, e.base + DATA));
}

TEST(emodpe_only_extends) {
  struct enclave e;
  with_room(&e);
  uint64_t b = e.base;
  enclave_write8(&e, b + RWX, 1);
  enclave_write8(&e, b + IN1, SI_REG | SI_R);
  leaf(&e, EMODPE, b + IN1, b + RWX, 0); // takes nothing away
  enclave_write8(&e, b + RWX, 2);
  EQ(0, accept(&e, b + ADDED, SI_REG | SI_R | SI_W | SI_PENDING));
  enclave_write8(&e, b + ADDED, 0x0b0f); // UD2
  enclave_write8(&e, b + IN1, SI_REG | SI_R | SI_W | SI_X);
  leaf(&e, EMODPE, b + IN1, b + ADDED, 0);
  leaf_raises(&e, EMODPE, b + IN1 + 8, b + RWX, 0, GP);
  struct op op = {OP_JUMP, {b + ADDED}};
  struct run run;
  EQ(UD, call(&e, &op, &run));
}

TEST(edeccssa_drops_a_frame) {
  if (!has_edeccssa()) {
    skip("the processor has no EDECCSSA");
  }
  struct enclave e;
  enclave_build(&e, 0);
  struct op ud = {OP_INSTRUCTION, {I_UD2}}, nop = {OP_NOP};
  struct run run;
  EQ(UD, call(&e, &ud, &run));
  EQ(-1, call(&e, &nop, &run));
  EQ(1, nop.cssa);
  struct op op = {OP_LEAF, {EDECCSSA}};
  EQ(-1, call(&e, &op, &run));
  EQ(1, op.cssa);
  EQ(-1, call(&e, &nop, &run));
  EQ(0, nop.cssa);
  EQ(GP, call(&e, &op, &run)); // CSSA is 0
}

TEST(a_pending_page_is_told_from_a_modified_one) {
  struct enclave e;
  with_room(&e);
  uint64_t at = e.base + SPARE;
  struct sgx_modify_types trim = {SPARE, PAGE, PT_TRIM, 0, 0};
  WORKS(ioctl(e.fd, SGX_MODIFY_TYPES, &trim));
  EQ(SGX_PAGE_ATTRIBUTES_MISMATCH, accept(&e, at, SI_REG | SI_R | SI_W | SI_PENDING));
  EQ(0, accept(&e, at, SI_TRIM | SI_MODIFIED));
  // Removed, it can be augmented anew.
  WORKS(ioctl(e.fd, SGX_REMOVE_PAGES, (&(struct sgx_remove_pages){SPARE, PAGE, 0})));
  EQ(0, accept(&e, at, SI_REG | SI_R | SI_W | SI_PENDING));
  EQ(0, enclave_read8(&e, at));
}
