// Signs as the manual says: RSA of 3072 bits, exponent 3, PKCS #1 1.5 over SHA-256, little-endian, with Q1 and Q2.
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "enclave.h"

enum { BYTES = 384, SIGNERS = 2 };

static EVP_PKEY *keys[SIGNERS];

// Where a key is kept: beside the program.
static FILE *key_file(int number, const char *mode) {
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
  if (length <= 0) {
    return NULL;
  }
  while (path[length - 1] != '/') {
    length--;
  }
  snprintf(path + length, 32, "signer-%d.pem", number);
  return fopen(path, mode);
}

const void *signer_key(int number) {
  FILE *kept = keys[number] == NULL ? key_file(number, "r") : NULL;
  if (kept != NULL) {
    keys[number] = PEM_read_PrivateKey(kept, NULL, NULL, NULL);
    fclose(kept);
  }
  if (keys[number] == NULL) {
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *three = BN_new();
    BN_set_word(three, 3);
    if (EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 3072) != 1 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, three) != 1 || EVP_PKEY_generate(ctx, &keys[number]) != 1) {
      errno = 0;
      fail("libcrypto made no RSA key");
    }
    BN_free(three);
    EVP_PKEY_CTX_free(ctx);
    kept = key_file(number, "wx");
    if (kept != NULL) {
      PEM_write_PrivateKey(kept, keys[number], NULL, NULL, 0, NULL, NULL);
      fclose(kept);
    }
  }
  return keys[number];
}

static BIGNUM *modulus(int signer) {
  BIGNUM *n = NULL;
  EVP_PKEY_get_bn_param((EVP_PKEY *)signer_key(signer), OSSL_PKEY_PARAM_RSA_N, &n);
  return n;
}

void signer_hash(int number, uint8_t mrsigner[32]) {
  uint8_t bytes[BYTES];
  BIGNUM *n = modulus(number);
  BN_bn2lebinpad(n, bytes, BYTES);
  BN_free(n);
  EVP_Digest(bytes, BYTES, mrsigner, NULL, EVP_sha256(), NULL);
}

void sigstruct_sign(struct sigstruct *sig, int signer) {
  uint8_t message[256];
  memcpy(message, sig, 128);
  memcpy(message + 128, &sig->miscselect, 128);

  uint8_t signature[BYTES];
  size_t length = BYTES;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, (EVP_PKEY *)signer_key(signer)) != 1 ||
      EVP_DigestSign(ctx, signature, &length, message, sizeof message) != 1 || length != BYTES) {
    errno = 0;
    fail("libcrypto did not sign");
  }
  EVP_MD_CTX_free(ctx);

  // Q1 = S * S / N, Q2 = (S * S % N) * S / N.
  BN_CTX *bn = BN_CTX_new();
  BIGNUM *n = modulus(signer), *s = BN_bin2bn(signature, BYTES, NULL), *q1 = BN_new(), *q2 = BN_new(), *rest = BN_new();
  BN_sqr(q1, s, bn);
  BN_div(q1, rest, q1, n, bn);
  BN_mul(q2, s, rest, bn);
  BN_div(q2, NULL, q2, n, bn);
  BN_bn2lebinpad(n, sig->modulus, BYTES);
  BN_bn2lebinpad(s, sig->signature, BYTES);
  BN_bn2lebinpad(q1, sig->q1, BYTES);
  BN_bn2lebinpad(q2, sig->q2, BYTES);
  BN_free(n);
  BN_free(s);
  BN_free(q1);
  BN_free(q2);
  BN_free(rest);
  BN_CTX_free(bn);
}
