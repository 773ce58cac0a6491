// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import SealedSQLite

/// The two keys that are derived from the repository key (HKDF-SHA256, `info` = "mailkeep/1/repository/seal" and
/// "…/name"): one seals objects, one names chunks.
struct RepositoryKeys: Sendable {
    static let overhead = SealedObject.overhead

    private let seal: SealedKey
    private let name: SymmetricKey

    init(_ key: SealedKey) {
        seal = key.derivedKey(info: "mailkeep/1/repository/seal")
        name = key.derivedKey(info: "mailkeep/1/repository/name").withUnsafeBytes { SymmetricKey(data: $0) }
    }

    /// Of a chunk's content: the same bytes have the same name in one repository, and tell nobody else anything.
    func chunkName(_ content: UnsafeRawBufferPointer) -> ChunkName {
        var code = HMAC<SHA256>(key: name)
        code.update(data: content)
        return code.finalize().withUnsafeBytes { ChunkName(bytes: $0)! }
    }

    func seal(_ content: UnsafeRawBufferPointer, as object: String) -> [UInt8] {
        SealedObject.seal(content, as: object, key: seal)
    }

    /// Throws `BackupError.damaged`.
    func open(_ bytes: [UInt8], as object: String) throws(BackupError) -> [UInt8] {
        try SealedObject.open(bytes, as: object, key: seal)
    }
}

/// Names a chunk: 32 bytes.
struct ChunkName: Hashable, Sendable {
    static let count = 32
    private let a, b, c, d: UInt64

    init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.count else { return nil }
        a = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian
        b = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
        c = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian
        d = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self).bigEndian
    }

    /// 64 hex digits.
    init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(Array(hex.utf8)) else { return nil }
        self.init(bytes: bytes)
    }

    private init?(bytes: [UInt8]) {
        guard let name = bytes.withUnsafeBytes({ ChunkName(bytes: $0) }) else { return nil }
        self = name
    }

    var bytes: [UInt8] {
        [a, b, c, d].flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
    }

    var hex: String { Hex.text(bytes) }

    /// Where it lies.
    var object: String { "chunks/\(hex.prefix(2))/\(hex)" }
}
