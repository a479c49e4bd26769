/* TLS by OpenSSL: contexts from settings, streams over sockets.
 *
 * OpenSSL's own socket BIO would raise SIGPIPE where the broker has gone; ours sends without. */
#include "kafka/kafka_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "kafka/kafka_settings.h"

struct eagre_kafka_tls {
  SSL_CTX *context;
  BIO_METHOD *method;
  bool checks_host;
};

struct eagre_kafka_tls_stream {
  SSL *ssl;
};

/* ---- Settings -------------------------------------------------------------------------------- */

const char *eagre_kafka_tls_misfit(const rd_kafka_conf_t *conf) {
  if (!eagre_kafka_conf_is(conf, "ssl.engine.location", ""))
    return "it loads no engines of OpenSSL";
  return NULL;
}

/* What OpenSSL's queue of errors holds first, in words; clears it. */
static void explain(char *out, size_t size) {
  unsigned long code = ERR_peek_error();
  const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
  snprintf(out, size, "%s", reason == NULL ? "OpenSSL gives no reason" : reason);
  ERR_clear_error();
}

static enum eagre_status fail_setting(const char *name, struct eagre_error *error) {
  char why[128];
  explain(why, sizeof why);
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                         "The value of kafka.%s cannot be used: %s.", name, why);
}

/* ---- Whom to trust --------------------------------------------------------------------------- */

static bool is_directory(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Certificates of a PEM text. False when there is none, or one that is damaged. */
static bool trust_texts(SSL_CTX *context, struct eagre_text text) {
  BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
  X509 *certificate;
  uint32_t count = 0;
  while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
    count += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1;
    X509_free(certificate);
  }
  BIO_free(bio);
  bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (count > 0 && is_at_end) ERR_clear_error();
  return count > 0 && is_at_end;
}

static enum eagre_status set_revoked(SSL_CTX *context, const rd_kafka_conf_t *conf,
                                     struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_text file = eagre_kafka_conf_text(conf, "ssl.crl.location", arena);
  if (file.size == 0) return EAGRE_OK;
  X509_STORE *store = SSL_CTX_get_cert_store(context);
  if (X509_STORE_load_locations(store, file.data, NULL) != 1) {
    return fail_setting("ssl.crl.location", error);
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return EAGRE_OK;
}

static enum eagre_status set_authorities(SSL_CTX *context, const rd_kafka_conf_t *conf,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_text place = eagre_kafka_conf_text(conf, "ssl.ca.location", arena);
  struct eagre_text text = eagre_kafka_conf_text(conf, "ssl.ca.pem", arena);
  bool has_place = place.size > 0 && !eagre_text_equal_string(place, "probe");
  if (has_place) {
    bool is_folder = is_directory(place.data);
    if (SSL_CTX_load_verify_locations(context, is_folder ? NULL : place.data,
                                      is_folder ? place.data : NULL) != 1) {
      return fail_setting("ssl.ca.location", error);
    }
  }
  if (text.size > 0 && !trust_texts(context, text)) return fail_setting("ssl.ca.pem", error);
  if (!has_place && text.size == 0) SSL_CTX_set_default_verify_paths(context);
  return set_revoked(context, conf, arena, error);
}

/* ---- What to show ---------------------------------------------------------------------------- */

/* The password of a private key, asked for by OpenSSL. */
static int give_password(char *out, int size, int is_writing, void *context) {
  (void)is_writing;
  const struct eagre_text *password = context;
  if (password->size > (size_t)size) return -1;
  if (password->size > 0) memcpy(out, password->data, password->size);
  return (int)password->size;
}

/* The first certificate is ours, those behind it lead to the authority. */
static bool use_certificates(SSL_CTX *context, struct eagre_text text) {
  BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
  X509 *own = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
  bool is_used = own != NULL && SSL_CTX_use_certificate(context, own) == 1;
  X509 *other;
  while (is_used && (other = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
    if (SSL_CTX_add0_chain_cert(context, other) == 1) continue;
    X509_free(other);
    is_used = false;
  }
  if (is_used) ERR_clear_error(); /* the end of the text */
  X509_free(own);
  BIO_free(bio);
  return is_used;
}

static bool use_key(SSL_CTX *context, struct eagre_text text, struct eagre_text *password) {
  BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_password, password);
  bool is_used = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  BIO_free(bio);
  return is_used;
}

static enum eagre_status set_certificate(SSL_CTX *context, const rd_kafka_conf_t *conf,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_text file = eagre_kafka_conf_text(conf, "ssl.certificate.location", arena);
  struct eagre_text text = eagre_kafka_conf_text(conf, "ssl.certificate.pem", arena);
  if (file.size > 0 && SSL_CTX_use_certificate_chain_file(context, file.data) != 1) {
    return fail_setting("ssl.certificate.location", error);
  }
  if (text.size > 0 && !use_certificates(context, text)) {
    return fail_setting("ssl.certificate.pem", error);
  }
  return EAGRE_OK;
}

static enum eagre_status set_key(SSL_CTX *context, const rd_kafka_conf_t *conf,
                                 struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_text file = eagre_kafka_conf_text(conf, "ssl.key.location", arena);
  struct eagre_text text = eagre_kafka_conf_text(conf, "ssl.key.pem", arena);
  struct eagre_text password = eagre_kafka_conf_text(conf, "ssl.key.password", arena);
  SSL_CTX_set_default_passwd_cb(context, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, &password);
  bool is_used =
      file.size == 0 || SSL_CTX_use_PrivateKey_file(context, file.data, SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
  SSL_CTX_set_default_passwd_cb(context, NULL);
  if (!is_used) return fail_setting("ssl.key.location", error);
  if (text.size > 0 && !use_key(context, text, &password)) {
    return fail_setting("ssl.key.pem", error);
  }
  return EAGRE_OK;
}

/* A PKCS12 file: our key, our certificate, and those that lead to the authority. */
static bool use_store(SSL_CTX *context, const char *path, const char *password) {
  EVP_PKEY *key = NULL;
  X509 *own = NULL;
  STACK_OF(X509) *others = NULL;
  BIO *bio = BIO_new_file(path, "rb");
  PKCS12 *store = bio == NULL ? NULL : d2i_PKCS12_bio(bio, NULL);
  bool is_used = store != NULL && PKCS12_parse(store, password, &key, &own, &others) == 1 &&
                 SSL_CTX_use_cert_and_key(context, own, key, others, 1) == 1;
  sk_X509_pop_free(others, X509_free);
  X509_free(own);
  EVP_PKEY_free(key);
  PKCS12_free(store);
  BIO_free(bio);
  return is_used;
}

static enum eagre_status set_store(SSL_CTX *context, const rd_kafka_conf_t *conf,
                                   struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_text file = eagre_kafka_conf_text(conf, "ssl.keystore.location", arena);
  struct eagre_text password = eagre_kafka_conf_text(conf, "ssl.keystore.password", arena);
  if (file.size == 0) return EAGRE_OK;
  if (use_store(context, file.data, password.size == 0 ? "" : password.data)) return EAGRE_OK;
  return fail_setting("ssl.keystore.location", error);
}

static enum eagre_status set_algorithms(SSL_CTX *context, const rd_kafka_conf_t *conf,
                                        struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_text ciphers = eagre_kafka_conf_text(conf, "ssl.cipher.suites", arena);
  struct eagre_text curves = eagre_kafka_conf_text(conf, "ssl.curves.list", arena);
  struct eagre_text signatures = eagre_kafka_conf_text(conf, "ssl.sigalgs.list", arena);
  if (ciphers.size > 0 && SSL_CTX_set_cipher_list(context, ciphers.data) != 1) {
    return fail_setting("ssl.cipher.suites", error);
  }
  if (curves.size > 0 && SSL_CTX_set1_curves_list(context, curves.data) != 1) {
    return fail_setting("ssl.curves.list", error);
  }
  if (signatures.size > 0 && SSL_CTX_set1_sigalgs_list(context, signatures.data) != 1) {
    return fail_setting("ssl.sigalgs.list", error);
  }
  return EAGRE_OK;
}

static enum eagre_status set_context(SSL_CTX *context, const rd_kafka_conf_t *conf,
                                     struct eagre_arena *arena, struct eagre_error *error) {
  bool checks = eagre_kafka_conf_is(conf, "enable.ssl.certificate.verification", "true");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, checks ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
  EAGRE_TRY(set_algorithms(context, conf, arena, error));
  EAGRE_TRY(set_authorities(context, conf, arena, error));
  EAGRE_TRY(set_certificate(context, conf, arena, error));
  EAGRE_TRY(set_key(context, conf, arena, error));
  EAGRE_TRY(set_store(context, conf, arena, error));
  bool has_key = SSL_CTX_get0_privatekey(context) != NULL;
  if (has_key && SSL_CTX_check_private_key(context) != 1) {
    return fail_setting("ssl.key.location", error);
  }
  return EAGRE_OK;
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static int write_socket(BIO *bio, const char *bytes, size_t size, size_t *out_size) {
  int descriptor = (int)(intptr_t)BIO_get_data(bio);
  ssize_t sent;
  do {
    sent = send(descriptor, bytes, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  BIO_clear_retry_flags(bio);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_write(bio);
  if (sent < 0) return 0;
  *out_size = (size_t)sent;
  return 1;
}

static int read_socket(BIO *bio, char *out, size_t size, size_t *out_size) {
  int descriptor = (int)(intptr_t)BIO_get_data(bio);
  ssize_t received;
  do {
    received = recv(descriptor, out, size, 0);
  } while (received < 0 && errno == EINTR);
  BIO_clear_retry_flags(bio);
  if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (received <= 0) return 0;
  *out_size = (size_t)received;
  return 1;
}

static long control_socket(BIO *bio, int command, long number, void *pointer) {
  (void)number, (void)pointer;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "eagre socket");
  if (method == NULL) return NULL;
  BIO_meth_set_write_ex(method, write_socket);
  BIO_meth_set_read_ex(method, read_socket);
  BIO_meth_set_ctrl(method, control_socket);
  return method;
}

/* ---- Contexts -------------------------------------------------------------------------------- */

enum eagre_status eagre_kafka_tls_open(const rd_kafka_conf_t *conf, struct eagre_kafka_tls **out,
                                       struct eagre_error *error) {
  struct eagre_kafka_tls *tls = eagre_allocate_zeroed(1, sizeof *tls);
  struct eagre_arena arena = {0};
  enum eagre_status status;
  ERR_clear_error();
  tls->context = SSL_CTX_new(TLS_client_method());
  tls->method = make_method();
  tls->checks_host = !eagre_kafka_conf_is(conf, "ssl.endpoint.identification.algorithm", "none");
  if (tls->context == NULL || tls->method == NULL) {
    char why[128];
    explain(why, sizeof why);
    status = eagre_error_set(error, EAGRE_IO, "KAFKA_TLS_UNAVAILABLE",
                             "OpenSSL cannot make a context: %s.", why);
  } else {
    status = set_context(tls->context, conf, &arena, error);
  }
  eagre_arena_done(&arena);
  if (status != EAGRE_OK) {
    eagre_kafka_tls_close(tls);
    tls = NULL;
  }
  *out = tls;
  return status;
}

void eagre_kafka_tls_close(struct eagre_kafka_tls *tls) {
  if (tls == NULL) return;
  SSL_CTX_free(tls->context);
  BIO_meth_free(tls->method);
  eagre_free(tls);
}

/* ---- Streams --------------------------------------------------------------------------------- */

static bool is_address(const char *host) {
  unsigned char address[sizeof(struct in6_addr)];
  return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* Whom the certificate has to be for, and, where it is a name, whom we ask for. */
static bool set_host(SSL *ssl, const char *host, bool checks_host) {
  bool is_number = is_address(host);
  X509_VERIFY_PARAM *wanted = SSL_get0_param(ssl);
  if (!is_number && SSL_set_tlsext_host_name(ssl, host) != 1) return false;
  if (!checks_host) return true;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return is_number ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host) == 1
                   : X509_VERIFY_PARAM_set1_host(wanted, host, 0) == 1;
}

struct eagre_kafka_tls_stream *eagre_kafka_tls_stream_new(struct eagre_kafka_tls *tls,
                                                          const char *host, int descriptor) {
  ERR_clear_error();
  SSL *ssl = SSL_new(tls->context);
  BIO *bio = ssl == NULL ? NULL : BIO_new(tls->method);
  if (bio == NULL || !set_host(ssl, host, tls->checks_host)) {
    BIO_free(bio);
    SSL_free(ssl);
    return NULL;
  }
  BIO_set_data(bio, (void *)(intptr_t)descriptor);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  struct eagre_kafka_tls_stream *stream = eagre_allocate(sizeof *stream);
  stream->ssl = ssl;
  return stream;
}

void eagre_kafka_tls_stream_free(struct eagre_kafka_tls_stream *stream) {
  if (stream == NULL) return;
  SSL_free(stream->ssl);
  eagre_free(stream);
}

/* "certificate verify failed: certificate has expired", or what the library or the system says. */
static void explain_stream(const struct eagre_kafka_tls_stream *stream, int system_error, char *why,
                           size_t why_size) {
  long verified = SSL_get_verify_result(stream->ssl);
  unsigned long code = ERR_peek_error();
  if (code != 0 && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    snprintf(why, why_size, "certificate verify failed: %s",
             X509_verify_cert_error_string(verified));
    ERR_clear_error();
  } else if (code == 0 && system_error != 0) {
    snprintf(why, why_size, "%s", strerror(system_error));
  } else {
    explain(why, why_size);
  }
}

/* What the call that gave `result` means; the queue of errors was empty before it. */
static enum eagre_kafka_tls_result judge(const struct eagre_kafka_tls_stream *stream, int result,
                                         char *why, size_t why_size) {
  int system_error = errno;
  switch (SSL_get_error(stream->ssl, result)) {
  case SSL_ERROR_NONE:
    return EAGRE_KAFKA_TLS_OK;
  case SSL_ERROR_WANT_READ:
    return EAGRE_KAFKA_TLS_WANTS_READ;
  case SSL_ERROR_WANT_WRITE:
    return EAGRE_KAFKA_TLS_WANTS_WRITE;
  case SSL_ERROR_ZERO_RETURN:
    return EAGRE_KAFKA_TLS_CLOSED;
  default:
    explain_stream(stream, system_error, why, why_size);
    return EAGRE_KAFKA_TLS_FAILED;
  }
}

enum eagre_kafka_tls_result eagre_kafka_tls_stream_greet(struct eagre_kafka_tls_stream *stream,
                                                         char *why, size_t why_size) {
  ERR_clear_error();
  errno = 0;
  return judge(stream, SSL_do_handshake(stream->ssl), why, why_size);
}

enum eagre_kafka_tls_result eagre_kafka_tls_stream_send(struct eagre_kafka_tls_stream *stream,
                                                        const char *bytes, size_t size,
                                                        size_t *out_size, char *why,
                                                        size_t why_size) {
  ERR_clear_error();
  errno = 0;
  return judge(stream, SSL_write_ex(stream->ssl, bytes, size, out_size), why, why_size);
}

enum eagre_kafka_tls_result eagre_kafka_tls_stream_receive(struct eagre_kafka_tls_stream *stream,
                                                           char *out, size_t size, size_t *out_size,
                                                           char *why, size_t why_size) {
  ERR_clear_error();
  errno = 0;
  return judge(stream, SSL_read_ex(stream->ssl, out, size, out_size), why, why_size);
}
