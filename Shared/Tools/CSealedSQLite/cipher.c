// SPDX-License-Identifier: Apache-2.0
// One page: ChaCha20-Poly1305 with a one-time key from the page's own nonce.
#include "internal.h"

static const char magic[SALT] = "SQLite format 3";

// The file's own key stays with libsodium, which makes the page's one-time key of it. That key's bulk work is libcrypto's where
// the file has contexts of it: its ChaCha20 and Poly1305 take half the time (docs/decisions/0041).

static OSSL_LIB_CTX *library;
static EVP_CIPHER *cipher;
static EVP_MAC *mac;

void sealed_bulk_prepare(void) {
    // Threads may still use it when the process ends.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    // A context of our own reads no configuration of the system's, so that no setting there decides what opens a mailbox.
    if (library || !(library = OSSL_LIB_CTX_new())) return;
    cipher = EVP_CIPHER_fetch(library, "ChaCha20", NULL);
    mac = EVP_MAC_fetch(library, "POLY1305", NULL);
}

void sealed_bulk_open(sealed_bulk *bulk) {
    bulk->cipher = cipher ? EVP_CIPHER_CTX_new() : NULL;
    bulk->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    if (bulk->cipher && EVP_CipherInit_ex2(bulk->cipher, cipher, NULL, NULL, 1, NULL) == 1) return;
    EVP_CIPHER_CTX_free(bulk->cipher);
    bulk->cipher = NULL;
}

void sealed_bulk_close(sealed_bulk *bulk) {
    EVP_CIPHER_CTX_free(bulk->cipher); // zeroes
    EVP_MAC_CTX_free(bulk->mac);
    bulk->cipher = NULL, bulk->mac = NULL;
}

// ChaCha20 with the 12-byte nonce of RFC 8439. Where its 32-bit block counter ends within a page (once in 2^26 pages),
// SQLite3 Multiple Ciphers carries into the first word of the nonce; so does libcrypto, and libsodium's function of this name
// ends the process. The original ChaCha20 does just that carry: its 64-bit counter is the same two words.
static void chacha20(unsigned char *out, const unsigned char *in, unsigned long long length,
                     const unsigned char nonce[12], unsigned int counter, const unsigned char key[32]) {
    unsigned long long wide = (unsigned long long)get_le32(nonce) << 32 | counter;
    crypto_stream_chacha20_xor_ic(out, in, length, nonce + 4, wide, key);
}

static void bulk_chacha20(sealed_bulk *bulk, unsigned char *out, const unsigned char *in, int length,
                          const unsigned char nonce[12], unsigned int counter, const unsigned char key[32]) {
    unsigned char iv[16];
    int done = 0;
    put_le32(iv, counter);
    memcpy(iv + 4, nonce, 12);
    if (bulk && bulk->cipher && EVP_CipherInit_ex2(bulk->cipher, NULL, key, iv, 1, NULL) == 1
        && EVP_CipherUpdate(bulk->cipher, out, &done, in, length) == 1 && done == length) return;
    chacha20(out, in, length, nonce, counter, key);
}

static void bulk_poly1305(sealed_bulk *bulk, unsigned char tag[TAG], const unsigned char *in, int length,
                          const unsigned char key[32]) {
    size_t done = 0;
    if (bulk && bulk->mac && EVP_MAC_init(bulk->mac, key, 32, NULL) == 1 && EVP_MAC_update(bulk->mac, in, length) == 1
        && EVP_MAC_final(bulk->mac, tag, &done, TAG) == 1 && done == TAG) return;
    crypto_onetimeauth_poly1305(tag, in, length, key);
}

static unsigned int one_time_key(const unsigned char *key, unsigned int number, const unsigned char *nonce,
                                 unsigned char one_time[64]) {
    unsigned int counter = get_le32(nonce + 12) ^ number;
    memset(one_time, 0, 64);
    chacha20(one_time, one_time, 64, nonce, counter, key);
    return counter + 1;
}

// Page 1 begins with the salt (16 bytes) and what any reader must know in clear (8 bytes).
static int clear_bytes(unsigned int number) { return number == 1 ? 24 : 0; }

// `out` holds the nonce, and what of page 1 is in clear. It may be `in`. `bulk` may be NULL.
static void encrypt(sealed_bulk *bulk, const unsigned char *key, unsigned int number, const unsigned char *in,
                    unsigned char *out, int size) {
    unsigned char one_time[64];
    unsigned char *nonce = out + size - RESERVE;
    int clear = clear_bytes(number);
    unsigned int counter = one_time_key(key, number, nonce, one_time);
    bulk_chacha20(bulk, out + clear, in + clear, size - RESERVE - clear, nonce, counter, one_time + 32);
    bulk_poly1305(bulk, out + size - TAG, out, size - TAG, one_time);
    sodium_memzero(one_time, sizeof one_time);
}

// Nothing is written to `out`, which may be `in`, when the tag does not fit. What is in clear and the reserve are not copied.
static int decrypt(sealed_bulk *bulk, const unsigned char *key, unsigned int number, const unsigned char *in,
                   unsigned char *out, int size) {
    unsigned char one_time[64], tag[TAG];
    const unsigned char *nonce = in + size - RESERVE;
    int clear = clear_bytes(number);
    unsigned int counter = one_time_key(key, number, nonce, one_time);
    bulk_poly1305(bulk, tag, in, size - TAG, one_time);
    int bad = crypto_verify_16(tag, in + size - TAG);
    if (!bad) bulk_chacha20(bulk, out + clear, in + clear, size - RESERVE - clear, nonce, counter, one_time + 32);
    sodium_memzero(one_time, sizeof one_time);
    return bad ? -1 : 0;
}

void sealed_sqlite_encrypt_page(const unsigned char key[SEALED_SQLITE_KEY_BYTES], unsigned int number,
                               unsigned char *page, int size) {
    encrypt(NULL, key, number, page, page, size);
}

int sealed_sqlite_decrypt_page(const unsigned char key[SEALED_SQLITE_KEY_BYTES], unsigned int number,
                               unsigned char *page, int size) {
    return decrypt(NULL, key, number, page, page, size);
}

// The salt is the file's first 16 bytes; a file that has none yet gets a random one.
static int load_salt(sealed_file *main) {
    if (main->has_salt) return SQLITE_OK;
    sqlite3_int64 size = 0;
    int rc = main->real->pMethods->xFileSize(main->real, &size);
    if (rc != SQLITE_OK) return rc;
    if (size >= SALT) {
        rc = real_read(main, main->salt, SALT, 0);
        if (rc != SQLITE_OK) return rc;
    } else {
        randombytes_buf(main->salt, SALT);
    }
    main->has_salt = 1;
    return SQLITE_OK;
}

// Random numbers by the kilobyte: a system call for each page costs a twelfth of its encryption. Each is used once; SQLite
// forbids that a process forks with a file open, so that no other process has the same.
static void fresh_nonce(sealed_file *main, unsigned char *nonce) {
    if (main->nonces_left == 0) {
        randombytes_buf(main->nonces, sizeof main->nonces);
        main->nonces_left = NONCES;
    }
    memcpy(nonce, main->nonces[--main->nonces_left], NONCE);
}

int sealed_page_out(sealed_file *main, unsigned int number, const unsigned char *page, unsigned char *out) {
    int size = main->page_size;
    if (number == 1) {
        int rc = load_salt(main);
        if (rc != SQLITE_OK) return rc;
        memcpy(out, main->salt, SALT);
        memcpy(out + SALT, page + SALT, clear_bytes(number) - SALT);
    }
    fresh_nonce(main, out + size - RESERVE);
    encrypt(&main->bulk, main->key->bytes, number, page, out, size);
    return SQLITE_OK;
}

int sealed_page_in(sealed_file *main, unsigned int number, const unsigned char *page, unsigned char *out) {
    int size = main->page_size;
    if (decrypt(&main->bulk, main->key->bytes, number, page, out, size) != 0) {
        memset(out, 0, size);
        return number == 1 ? SQLITE_NOTADB : SQLITE_CORRUPT;
    }
    if (number == 1) {
        memcpy(out, magic, SALT);
        memmove(out + SALT, page + SALT, clear_bytes(number) - SALT);
    }
    // The nonce and tag are no business of SQLite's, and a changing reserve would look like a change of the page.
    memset(out + size - RESERVE, 0, RESERVE);
    return SQLITE_OK;
}
