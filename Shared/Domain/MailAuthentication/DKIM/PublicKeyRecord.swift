// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import Foundation

/// A key from `<selector>._domainkey.<domain>` (RFC 6376 section 3.6.1, RFC 8463 section 4).
struct PublicKeyRecord {
    /// RFC 8301 section 3.2: shorter RSA keys prove nothing.
    static let leastBits = 1024
    static let mostBits = 8192

    enum Key {
        case rsa(_RSA.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        /// `p=` is empty.
        case revoked
        /// Of fewer bits than `leastBits`.
        case weak
    }

    let key: Key
    let algorithm: SigningAlgorithm
    /// t=s: the domain of the identity must be the signer's own, none below it.
    let isStrict: Bool
    /// t=y
    let isTesting: Bool

    /// nil when the record is malformed, for other services than mail, for other hashes than SHA-256, or of an unknown
    /// kind.
    init?(_ text: [UInt8]) {
        guard let tags = TagList(text), let value = tags.compact("p") else { return nil }
        if let version = tags["v"] {
            guard version == "DKIM1", tags.first == "v" else { return nil }
        }
        if let services = tags["s"], !TagList.items(services).contains(where: { $0 == "*" || $0 == "email" }) {
            return nil
        }
        if let hashes = tags["h"], !TagList.items(hashes).contains("sha256") { return nil }
        let flags = TagList.items(tags["t"] ?? "")
        (isStrict, isTesting) = (flags.contains("s"), flags.contains("y"))
        switch tags["k"] ?? "rsa" {
        case "rsa": algorithm = .rsa
        case "ed25519": algorithm = .ed25519
        default: return nil
        }
        if value.isEmpty {
            key = .revoked
            return
        }
        guard let data = Data(base64Encoded: value), let key = Self.key(algorithm, data) else { return nil }
        self.key = key
    }

    private static func key(_ algorithm: SigningAlgorithm, _ data: Data) -> Key? {
        switch algorithm {
        case .ed25519:
            return (try? Curve25519.Signing.PublicKey(rawRepresentation: data)).map(Key.ed25519)
        case .rsa:
            guard data.count <= mostBits / 8 + 100 else { return nil }
            guard let key = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: data) else {
                // The library refuses what is under 1,024 bits; whether it was a key at all does not matter then.
                return data.count < leastBits / 8 ? .weak : nil
            }
            return key.keySizeInBits < leastBits ? .weak : .rsa(key)
        }
    }

    /// Whether `signature` is this key's over `data`.
    func verifies(_ signature: Data, of data: [UInt8]) -> Bool {
        let digest = SHA256.hash(data: data)
        switch key {
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
        case .ed25519(let key): return key.isValidSignature(signature, for: Data(digest))
        case .revoked, .weak: return false
        }
    }
}
