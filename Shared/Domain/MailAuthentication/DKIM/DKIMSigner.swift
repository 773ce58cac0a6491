// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import Foundation
import MailFormat

/// Makes DKIM-Signature fields (RFC 6376 section 5), relaxed/relaxed. The body is hashed once for all of them.
package struct DKIMSigner {
    /// Fields that are signed where they are there; From once more than it is there, so that nobody adds one.
    static let signed = [
        "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "sender",
        "mime-version", "content-type", "content-transfer-encoding", "list-id", "list-unsubscribe",
        "list-unsubscribe-post", "auto-submitted",
    ]

    private let message: [UInt8]
    private let header: MessageHeader
    private let bodyHash: String

    /// - Parameter message: as it will be sent, with CRLF line ends.
    package init(message: [UInt8]) {
        self.message = message
        header = MessageHeader(message)
        let hash = Canonicalization.relaxed.bodyHash(message[header.range.upperBound...]) ?? []
        bodyHash = Data(hash).base64EncodedString()
    }

    /// The whole field with its CRLF.
    /// - Parameters:
    ///   - privateKey: Ed25519: the 32 raw bytes; RSA: PKCS#1 DER.
    ///   - seconds: since 1970.
    package func field(
        domain: String, selector: String, algorithm: SigningAlgorithm, privateKey: some ContiguousBytes, seconds: Int64
    ) throws -> String {
        let names = listed()
        let empty =
            "DKIM-Signature: v=1; a=\(algorithm.rawValue); c=relaxed/relaxed; d=\(domain);\r\n\ts=\(selector); t=\(seconds);"
            + "\r\n\th=\(names.joined(separator: ":\r\n\t "));\r\n\tbh=\(bodyHash);\r\n\tb="
        var data = SignedFields.input(names, of: header, in: message, .relaxed)
        data += Canonicalization.relaxed.field(empty.utf8).dropLast(2)
        let characters = Array(try Self.sign(data, algorithm, privateKey).base64EncodedString())
        let lines = stride(from: 0, to: characters.count, by: 72).map {
            String(characters[$0..<min($0 + 72, characters.count)])
        }
        return empty + lines.joined(separator: "\r\n\t") + "\r\n"
    }

    private func listed() -> [String] {
        Self.signed.flatMap { name in
            Array(repeating: name, count: header.all(name).count + (name == "from" ? 1 : 0))
        }
    }

    private static func sign(_ data: [UInt8], _ algorithm: SigningAlgorithm, _ key: some ContiguousBytes) throws -> Data
    {
        let digest = SHA256.hash(data: data)
        switch algorithm {
        case .ed25519:
            return try Curve25519.Signing.PrivateKey(rawRepresentation: key).signature(for: Data(digest))
        case .rsa:
            let key = try _RSA.Signing.PrivateKey(derRepresentation: key.withUnsafeBytes { Data($0) })
            return try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation
        }
    }
}
