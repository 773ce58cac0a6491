// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import SealedSQLite

/// What a key is for. Each service holds only those that it needs; the master key is with none.
package enum KeyPurpose: String, CaseIterable, Sendable, Codable {
    /// Opens config.db.
    case configuration
    /// Opens spool.db.
    case spool
    /// Opens the files of accounts.
    case accounts
    /// Opens DKIM keys.
    case signing

    /// Name in the folder of MAILKEEP_KEYS.
    package var fileName: String { rawValue + ".key" }
}

/// The purpose keys that this process was given.
package struct PurposeKeys: Sendable {
    private let keys: [KeyPurpose: SealedKey]

    /// Those among `purposes` that are in the folder; none is an error only when it is asked for. A file that is there
    /// and is not right (form, mode) is an error at once.
    package init(folder: String, only purposes: Set<KeyPurpose> = Set(KeyPurpose.allCases)) throws(KeyError) {
        var keys: [KeyPurpose: SealedKey] = [:]
        for purpose in purposes {
            do { keys[purpose] = try KeyFile.read(folder + "/" + purpose.fileName) } catch {
                guard case .noSuchFile = error else { throw error }
            }
        }
        self.keys = keys
    }

    /// Derives all of them: HKDF-SHA256 (RFC 5869) without salt, `info` = "mailkeep/1/<purpose>", 32 bytes.
    package init(master: SealedKey) {
        let input = master.withUnsafeBytes { SymmetricKey(data: $0) }
        var keys: [KeyPurpose: SealedKey] = [:]
        for purpose in KeyPurpose.allCases {
            let output = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: input, info: Data("mailkeep/1/\(purpose.rawValue)".utf8),
                outputByteCount: SealedKey.count)
            keys[purpose] = output.withUnsafeBytes { SealedKey($0) }
        }
        self.keys = keys
    }

    package func key(_ purpose: KeyPurpose) throws(KeyError) -> SealedKey {
        guard let key = keys[purpose] else { throw .notLoaded(purpose) }
        return key
    }

    package func contains(_ purpose: KeyPurpose) -> Bool { keys[purpose] != nil }

    /// Writes each into the folder. A file that is there with the same key is left; with another, `.different`.
    package func write(to folder: String) throws(KeyError) {
        for purpose in KeyPurpose.allCases {
            if let key = keys[purpose] { try KeyFile.write(key, to: folder + "/" + purpose.fileName) }
        }
    }
}
