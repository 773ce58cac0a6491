// SPDX-License-Identifier: Apache-2.0

import Accounts
import Crypto
import CryptoExtras
import Foundation
import MailFormat

/// Makes a DKIM-Signature field (RFC 6376 section 5), relaxed/relaxed, with RSA (section 3.3) or Ed25519 (RFC 8463).
struct DKIMSignature {
    /// Fields that are signed where they are there; From once more than it is there, so that nobody adds one.
    static let signed = [
        "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "sender",
        "mime-version", "content-type", "content-transfer-encoding", "list-id", "list-unsubscribe",
        "list-unsubscribe-post", "auto-submitted",
    ]

    let message: [UInt8]
    private let header: MessageHeader
    private let bodyHash: String

    init(message: [UInt8]) {
        self.message = message
        header = MessageHeader(message)
        bodyHash = Data(SHA256.hash(data: Self.canonicalBody(message[header.range.upperBound...]))).base64EncodedString()
    }

    /// The whole field with its CRLF.
    func field(key: SigningKey, seconds: Int64) throws -> String {
        let names = listed()
        let algorithm = key.algorithm == .rsa ? "rsa-sha256" : "ed25519-sha256"
        let empty =
            "DKIM-Signature: v=1; a=\(algorithm); c=relaxed/relaxed; d=\(key.domain);\r\n\ts=\(key.selector); t=\(seconds);"
            + "\r\n\th=\(names.joined(separator: ":\r\n\t "));\r\n\tbh=\(bodyHash);\r\n\tb="
        var data = headerInput(names)
        var own = Self.canonicalField(Array(empty.utf8)[...])
        own.removeLast(2)
        data += own
        let signature = try Self.sign(data, key)
        let characters = Array(signature.base64EncodedString())
        let lines = stride(from: 0, to: characters.count, by: 72).map { String(characters[$0..<min($0 + 72, characters.count)]) }
        return empty + lines.joined(separator: "\r\n\t") + "\r\n"
    }

    private func listed() -> [String] {
        Self.signed.flatMap { name in
            let count = header.all(name).count + (name == "from" ? 1 : 0)
            return Array(repeating: name, count: count)
        }
    }

    /// Instances of a name from the last to the first (section 5.4.2).
    private func headerInput(_ names: [String]) -> [UInt8] {
        var used: [String: Int] = [:]
        var output: [UInt8] = []
        for name in names {
            let all = header.all(name)
            let number = used[name, default: 0]
            used[name] = number + 1
            guard number < all.count else { continue }
            output += Self.canonicalField(message[all[all.count - 1 - number].raw])
        }
        return output
    }

    private static func sign(_ data: [UInt8], _ key: SigningKey) throws -> Data {
        switch key.algorithm {
        case .ed25519:
            let privateKey = try key.privateKey.withBytes { try Curve25519.Signing.PrivateKey(rawRepresentation: Data($0)) }
            return try privateKey.signature(for: Data(SHA256.hash(data: data)))
        case .rsa:
            let privateKey = try key.privateKey.withBytes { try _RSA.Signing.PrivateKey(derRepresentation: Data($0)) }
            return try privateKey.signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation
        }
    }

    /// Section 3.4.2: `name:value` CRLF.
    static func canonicalField(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        guard let colon = raw.firstIndex(of: 0x3A) else { return [] }
        var output = raw[..<colon].filter { $0 != 0x20 && $0 != 0x09 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        output.append(0x3A)
        let start = output.count
        var isSpace = false
        for byte in raw[(colon + 1)...] {
            switch byte {
            case 0x0D, 0x0A: continue
            case 0x20, 0x09: isSpace = true
            default:
                if isSpace, output.count > start { output.append(0x20) }
                isSpace = false
                output.append(byte)
            }
        }
        return output + [0x0D, 0x0A]
    }

    /// Section 3.4.4.
    static func canonicalBody(_ body: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(body.count + 2)
        var isSpace = false
        var emptyLines = 0
        var lineIsEmpty = true
        for byte in body {
            switch byte {
            case 0x0D: continue
            case 0x0A:
                isSpace = false
                if lineIsEmpty { emptyLines += 1 } else { output += [0x0D, 0x0A] }
                lineIsEmpty = true
            case 0x20, 0x09: isSpace = true
            default:
                if lineIsEmpty {
                    for _ in 0..<emptyLines { output += [0x0D, 0x0A] }
                    emptyLines = 0
                    lineIsEmpty = false
                }
                if isSpace { output.append(0x20) }
                isSpace = false
                output.append(byte)
            }
        }
        if !lineIsEmpty { output += [0x0D, 0x0A] }
        return output
    }
}
