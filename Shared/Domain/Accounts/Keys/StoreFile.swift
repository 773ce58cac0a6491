// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// A file of the data folder that one purpose key opens: `config.db` and `spool.db`, each with its key wrapped in a
/// `.slot` file beside it.
package struct StoreFile: Sendable {
    /// Without extension: `config`, `spool`.
    package let name: String
    package let purpose: KeyPurpose

    package static let configuration = StoreFile(name: "config", purpose: .configuration)
    package static let spool = StoreFile(name: "spool", purpose: .spool)

    var identity: String { name + ".db" }

    package func path(in dataFolder: String) -> String { dataFolder + "/" + identity }
    package func slotPath(in dataFolder: String) -> String { dataFolder + "/" + name + ".slot" }

    /// Whether there is one already.
    package func exists(in dataFolder: String) -> Bool { access(path(in: dataFolder), F_OK) == 0 }

    /// Makes the slot, then the file. Cut off between the two, the next call takes the slot that is there.
    /// Throws `SealedError.fileExists` when there is one.
    package func create(in dataFolder: String, keys: PurposeKeys, migrations: [Migration]) throws {
        guard !exists(in: dataFolder) else { throw SealedError.fileExists(path(in: dataFolder)) }
        let slot = try KeySlot.seal(.random(), for: purpose, identity: identity, keys: keys)
        do { try NewFile.write(slot.bytes, to: slotPath(in: dataFolder), mode: 0o440) } catch {
            guard error.errno == EEXIST else {
                throw KeyError.system("write \(slotPath(in: dataFolder))", errno: error.errno)
            }
        }
        try SealedDatabase.create(
            path: path(in: dataFolder), key: key(in: dataFolder, keys: keys), migrations: migrations)
    }

    /// Opens it for a service; runs the migrations that it lacks.
    package func open(in dataFolder: String, keys: PurposeKeys, migrations: [Migration]) throws -> SealedPool {
        guard exists(in: dataFolder) else { throw SealedError.noSuchFile(path(in: dataFolder)) }
        return try SealedPool(
            path: path(in: dataFolder), key: key(in: dataFolder, keys: keys), migrations: migrations)
    }

    /// What SQLite finds wrong in the file, at most 20 lines; empty when it is sound.
    package func integrityProblems(
        in dataFolder: String, keys: PurposeKeys, migrations: [Migration]
    ) async throws -> [String] {
        let pool = try open(in: dataFolder, keys: keys, migrations: migrations)
        return try await pool.read { try $0.integrityProblems() }
    }

    /// The key of the file, out of its slot.
    package func key(in dataFolder: String, keys: PurposeKeys) throws -> SealedKey {
        try slot(in: dataFolder).open(for: purpose, identity: identity, keys: keys)
    }

    /// Wraps the file's key by another purpose key, also while services use the store: there is the old slot or the new.
    package func rewrap(in dataFolder: String, from keys: PurposeKeys, to present: PurposeKeys) throws {
        let path = slotPath(in: dataFolder)
        guard
            let slot = try slot(in: dataFolder).rewrapped(for: purpose, identity: identity, from: keys, to: present)
        else { return }
        do { try NewFile.replace(path, with: slot.bytes) } catch {
            throw KeyError.system("write \(path)", errno: error.errno)
        }
    }

    private func slot(in dataFolder: String) throws -> KeySlot {
        let path = slotPath(in: dataFolder)
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw errno == ENOENT ? KeyError.noSuchFile(path) : KeyError.system("read \(path)", errno: errno)
        }
        defer { try? handle.close() }
        return KeySlot(bytes: Array(try handle.read(upToCount: KeySlot.secretLimit) ?? Data()))
    }
}
