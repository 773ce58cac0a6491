// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import Foundation
import SealedSQLite

/// How a message is sealed to the public key of a zero-access account, so that only who holds the account's key reads it.
///
/// The *head*, 1,122 bytes: version 1; algorithm 1 = HPKE (RFC 9180) base mode with X-Wing (ML-KEM-768 and X25519),
/// HKDF-SHA256, AES-256-GCM; the encapsulated key (1,120 bytes). `info` is "mailkeep/1/arrivals".
///
/// The *chunks*, one `Seal` of that context each, in order: at most 128 KiB in clear, then a tag of 16 bytes. The clear text
/// of all of them in a row is `ArrivalHeader`, then the message. The associated data of a chunk, 55 bytes: version;
/// algorithm; the account's 32 hex digits; the 16 bytes of the arrival's random id; the chunk's number (4 bytes, big-endian,
/// from 0); 1 for the last, else 0. A chunk of another account, message or place, and a message without its end, do not
/// open.
package enum ArrivalSeal {
    package static let version: UInt8 = 1
    /// HPKE base mode, X-Wing, HKDF-SHA256, AES-256-GCM.
    package static let xWing: UInt8 = 1
    static let idBytes = 16
    static let encapsulatedBytes = 1_120
    static let headBytes = 2 + encapsulatedBytes
    static let tagBytes = 16
    /// Clear bytes of a chunk; the last has what is left.
    static let chunkBytes = 128 * 1024
    /// Chunks of a message.
    static let chunkLimit = 1 << ArrivalChunk.keyBits
    /// Bytes of a message: 128 MiB, more than any service takes.
    static let messageBytes = chunkLimit * chunkBytes - ArrivalHeader.byteCount

    fileprivate static let suite = HPKE.Ciphersuite.XWingMLKEM768X25519_SHA256_AES_GCM_256
    fileprivate static let info = Data("mailkeep/1/arrivals".utf8)
    fileprivate static let start = [version, xWing]

    fileprivate static func associatedData(
        _ account: AccountID, _ id: [UInt8], chunk: Int, isLast: Bool
    ) -> [UInt8] {
        precondition(id.count == idBytes && chunk < chunkLimit)
        return start + account.description.utf8 + id
            + [UInt8(chunk >> 24), UInt8(chunk >> 16 & 0xFF), UInt8(chunk >> 8 & 0xFF), UInt8(chunk & 0xFF)]
            + [isLast ? 1 : 0]
    }

    /// How many chunks a message of that many bytes has.
    static func chunks(ofMessage bytes: Int) -> Int {
        (ArrivalHeader.byteCount + bytes + chunkBytes - 1) / chunkBytes
    }
}

/// Seals one message, chunk by chunk. A value: who has to begin again seals from a copy, and gets the same bytes.
struct ArrivalSender: Sendable {
    let head: [UInt8]
    let id: [UInt8]
    private let account: AccountID
    private var context: HPKE.Sender
    private var next = 0

    /// Throws when the key is not one of X-Wing.
    init(to publicKey: [UInt8], of account: AccountID) throws {
        var generator = SystemRandomNumberGenerator()
        id = (0..<ArrivalSeal.idBytes).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
        self.account = account
        context = try HPKE.Sender(
            recipientKey: XWingMLKEM768X25519.PublicKey(rawRepresentation: publicKey), ciphersuite: ArrivalSeal.suite,
            info: ArrivalSeal.info)
        head = ArrivalSeal.start + context.encapsulatedKey
    }

    mutating func seal(_ clear: some DataProtocol, isLast: Bool) throws -> Data {
        let associated = ArrivalSeal.associatedData(account, id, chunk: next, isLast: isLast)
        next += 1
        return try context.seal(clear, authenticating: associated)
    }
}

/// Opens the chunks of one message, in order.
struct ArrivalRecipient {
    private let account: AccountID
    private let id: [UInt8]
    private var context: HPKE.Recipient
    private var next = 0

    /// Throws `ArrivalSealError`.
    init(head: [UInt8], id: [UInt8], account: AccountID, key: ArrivalKey) throws(ArrivalSealError) {
        guard id.count == ArrivalSeal.idBytes, head.count >= 2 else { throw .malformed }
        guard Array(head[..<2]) == ArrivalSeal.start else { throw .laterRelease }
        guard head.count == ArrivalSeal.headBytes else { throw .malformed }
        (self.account, self.id) = (account, id)
        do {
            context = try HPKE.Recipient(
                privateKey: key.privateKey, ciphersuite: ArrivalSeal.suite, info: ArrivalSeal.info,
                encapsulatedKey: Data(head[2...]))
        } catch { throw .refused }
    }

    /// Throws `ArrivalSealError`.
    mutating func open(_ sealed: Data, isLast: Bool) throws(ArrivalSealError) -> Data {
        guard sealed.count <= ArrivalSeal.chunkBytes + ArrivalSeal.tagBytes, next < ArrivalSeal.chunkLimit else {
            throw .malformed
        }
        let associated = ArrivalSeal.associatedData(account, id, chunk: next, isLast: isLast)
        next += 1
        do { return try context.open(sealed, authenticating: associated) } catch { throw .refused }
    }
}

/// Why a sealed message does not open.
enum ArrivalSealError: Error, Equatable {
    /// Not of the form that it should have.
    case malformed
    /// Its version or algorithm is one that this release does not know.
    case laterRelease
    /// Sealed to another key, moved, cut short, or damaged.
    case refused
}
