/*
 * A hardware token for the tests that is none: OpenSSH loads it as a provider of
 * security keys (SSH_SK_PROVIDER). The "handle" of a key is its private half, so
 * that it protects nothing. The interface is that of OpenSSH's PROTOCOL.u2f and
 * sk-api.h; VERSION is the one that the installed OpenSSH wants.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ECDSA = 0, ED25519 = 1, FAILED = -1, UNSUPPORTED = -2 };

struct sk_enroll_response {
    uint8_t flags;
    uint8_t *public_key;
    size_t public_key_len;
    uint8_t *key_handle;
    size_t key_handle_len;
    uint8_t *signature;
    size_t signature_len;
    uint8_t *attestation_cert;
    size_t attestation_cert_len;
    uint8_t *authdata;
    size_t authdata_len;
};

struct sk_sign_response {
    uint8_t flags;
    uint32_t counter;
    uint8_t *sig_r;
    size_t sig_r_len;
    uint8_t *sig_s;
    size_t sig_s_len;
};

uint32_t sk_api_version(void) { return VERSION; }

static uint8_t *copy(const void *bytes, size_t count) {
    uint8_t *to = malloc(count ? count : 1);
    return to ? memcpy(to, bytes, count) : NULL;
}

/* The handle is the private key as DER, which says its kind, too. */
int sk_enroll(uint32_t kind, const uint8_t *challenge, size_t challenge_len, const char *application,
              uint8_t flags, const char *pin, void **options, struct sk_enroll_response **response) {
    (void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
    EVP_PKEY *key = kind == ECDSA ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    uint8_t public[128], handle[512], *end = handle;
    size_t public_len = sizeof public;
    if (!key || i2d_PrivateKey(key, NULL) > (int)sizeof handle) return FAILED;
    int handle_len = i2d_PrivateKey(key, &end);
    int ok = kind == ECDSA ? EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, public,
                                                            sizeof public, &public_len)
                           : EVP_PKEY_get_raw_public_key(key, public, &public_len);
    EVP_PKEY_free(key);
    struct sk_enroll_response *made = calloc(1, sizeof *made);
    if (!ok || !made || handle_len <= 0) return FAILED;
    made->public_key = copy(public, made->public_key_len = public_len);
    made->key_handle = copy(handle, made->key_handle_len = (size_t)handle_len);
    made->signature = copy("", 0);
    made->flags = flags;
    *response = made;
    return 0;
}

int sk_sign(uint32_t kind, const uint8_t *data, size_t data_len, const char *application,
            const uint8_t *handle, size_t handle_len, uint8_t flags, const char *pin, void **options,
            struct sk_sign_response **response) {
    (void)pin, (void)options;
    struct sk_sign_response *made = calloc(1, sizeof *made);
    uint8_t signed_bytes[32 + 1 + 4 + 32], signature[256];
    size_t length = sizeof signature;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &handle, (long)handle_len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!made || !key || !context) return FAILED;
    made->flags = flags;
    made->counter = 7;
    SHA256((const uint8_t *)application, strlen(application), signed_bytes);
    memcpy(signed_bytes + 32, (uint8_t[]){flags, 0, 0, 0, 7}, 5);
    SHA256(data, data_len, signed_bytes + 37);
    const EVP_MD *digest = kind == ECDSA ? EVP_sha256() : NULL;
    if (!EVP_DigestSignInit(context, NULL, digest, NULL, key) ||
        !EVP_DigestSign(context, signature, &length, signed_bytes, sizeof signed_bytes))
        return FAILED;
    if (kind == ED25519) {
        made->sig_r = copy(signature, made->sig_r_len = length);
    } else {
        const uint8_t *at = signature;
        ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)length);
        if (!numbers) return FAILED;
        uint8_t r[32], s[32];
        BN_bn2binpad(ECDSA_SIG_get0_r(numbers), r, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(numbers), s, 32);
        made->sig_r = copy(r, made->sig_r_len = 32);
        made->sig_s = copy(s, made->sig_s_len = 32);
        ECDSA_SIG_free(numbers);
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    *response = made;
    return 0;
}

int sk_load_resident_keys(const char *pin, void **options, void ***keys, size_t *count) {
    (void)pin, (void)options, (void)keys, (void)count;
    return UNSUPPORTED;
}
