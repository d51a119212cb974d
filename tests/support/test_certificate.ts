/**
 * A certificate for `localhost` and `127.0.0.1`, good for a hundred years. Nothing outside the tests
 * trusts its authority, whose key is thrown away. Made with openssl: an authority, and a leaf that
 * it signed, because a certificate that is its own authority is refused for a server.
 *
 * @module
 */

/** Whom to trust. */
export const TEST_CA = `-----BEGIN CERTIFICATE-----
MIIBaDCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9HYXRlaG91
c2UgdGVzdHMwIBcNMjUwMTAxMDAwMDAwWhgPMjEyNTAxMDEwMDAwMDBaMBoxGDAW
BgNVBAMMD0dhdGVob3VzZSB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BBEhmSR4vU7e7zTasY0jMojXX0Rk4rgrEETETKo2y8HJP/q4hTvTew1k17t+q+3F
29g63n2IwnNELIHK4WI8r3CjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/
BAQDAgIEMB0GA1UdDgQWBBQVmS2EWt875pfAKH/Rtp5+JwKCrTAKBggqhkjOPQQD
AgNJADBGAiEAsRo0PG+FT2BSyy7mhOmh9+ER5QBq/r7dDPxnLXlNCEQCIQCD1T3p
gzYZcQmOqHwJ04+jBXD4TyPXz7Wzc9PA7UjpDQ==
-----END CERTIFICATE-----
`;

/** What the server shows. */
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIBAjAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9HYXRlaG91
c2UgdGVzdHMwIBcNMjUwMTAxMDAwMDAwWhgPMjEyNTAxMDEwMDAwMDBaMBQxEjAQ
BgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABD9DtGYQ
2QdlbiLjFOWUNhnQKzdKLdQegOS/ifCjt8Sik526B35hKjC4HetVkS+q8qQVNTIb
QWaWfFT1g3DIwkqjgYEwfzAMBgNVHRMBAf8EAjAAMBoGA1UdEQQTMBGCCWxvY2Fs
aG9zdIcEfwAAATATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4EFgQU6sD65h9B
QRXnaU2TbMOtu3FK38cwHwYDVR0jBBgwFoAUFZkthFrfO+aXwCh/0baeficCgq0w
CgYIKoZIzj0EAwIDSAAwRQIhAKG0vYedvE5CLTzRuwSB0b0sb+M/0zu0bZ2UTj2k
qcjWAiAxM4GkUPtnGCCy2Ea+3MHU2XoWOmBCCiXqrTcoaws08g==
-----END CERTIFICATE-----
`;

/** The server's key, no secret. */
export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg421wdRRFrTIdQEGb
wose8J177KK7TPuJ6HL+PRWPk+OhRANCAAQ/Q7RmENkHZW4i4xTllDYZ0Cs3Si3U
HoDkv4nwo7fEopOdugd+YSowuB3rVZEvqvKkFTUyG0FmlnxU9YNwyMJK
-----END PRIVATE KEY-----
`;
