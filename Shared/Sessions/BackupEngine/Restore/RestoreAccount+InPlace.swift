// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// An account that is there: its content is replaced within its file (docs/decisions/0012), under the keys that it has now.
extension RestoreAccount {
    /// Longest time for which nothing is taken in, in seconds.
    private static let longestPause: Int64 = 1_800
    /// Of that, what must be left when the replacement begins.
    private static let margin: Int64 = 60

    func replace(
        _ built: RebuiltAccount, _ present: AccountRecord, in live: Directory, _ report: inout Report,
        _ control: JobControl
    ) async throws {
        let hold = try await open(present, in: live, of: "here")
        defer { hold?.release() }
        do {
            // Asked again at each turn: the live file may be keyed anew meanwhile.
            try await AccountDirectory(
                root: accounts, limit: 1, arrivals: { try await live.arrivals(of: $0) },
                keys: { try live.fileKey(of: $0) }
            ).closing { files in
                try await replace(built, in: files, live, &report, control)
                // What waits today stays; who delivers is to know how much room there is now.
                if let arrivals = try? await files.arrivals(of: built.id) {
                    try? await files.store(for: built.id).noteUse(in: arrivals)
                }
            }
        } catch StoreError.damaged {
            try await replaceDamaged(built, live.fileKey(of: built.id), &report)
        }
    }

    /// Where what is replaced is kept.
    private func replacedPath(_ id: AccountID) throws -> String { try ReplacedFiles(in: accounts).path(of: "\(id).db") }

    private func replace(
        _ built: RebuiltAccount, in files: AccountDirectory, _ live: Directory, _ report: inout Report,
        _ control: JobControl
    ) async throws {
        let file = try built.file
        guard await files.exists(built.id) else {
            try await report.note(built.finish(after: nil))
            let target = try live.fileKey(of: built.id)
            return try SealedDatabase.copy(
                built.path, key: file.key, to: target.file.path(in: accounts), key: target.key)
        }
        let store = try await files.store(for: built.id)
        // From here on nothing new comes in, so the copy has everything.
        let end = now + Self.longestPause
        try await store.refuseAdditions(until: end)
        let copy = try replacedPath(built.id)
        var isBegun = false
        do {
            try control.progress("copying what is there")
            let marks = try await store.issuedMarks()
            try keep(live.fileKey(of: built.id), at: copy)
            try await report.note(built.finish(after: marks))
            try control.progress("putting it in place")
            guard now < end - Self.margin else {
                throw BackupError.refused(
                    "this took longer than mail may wait; restore it with the services stopped: mailkeep restore all --replace"
                )
            }
            isBegun = true
            try await store.replaceContent(withFileAt: built.path, key: file.key)
        } catch {
            // After that the content may be replaced, whatever failed.
            if !isBegun { unlink(copy) }
            try? await store.takeAdditions()
            throw error
        }
        report.replaced = copy
    }

    private var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// A copy of a live file; where a page of it is damaged, of its ciphertext as it is.
    private func keep(_ live: AccountFileKey, at copy: String) throws {
        let path = live.file.path(in: accounts)
        do { try SealedDatabase.copy(path, key: live.key, to: copy, key: live.key) } catch {
            let snapshot = try FileSnapshot(path: path)
            let target = try NewFile(copy, mode: 0o660)
            var buffer = [UInt8](repeating: 0, count: 256 * snapshot.pageSize)
            var page: UInt32 = 1
            while page <= snapshot.pages {
                let count = try buffer.withUnsafeMutableBytes { try snapshot.read(from: page, into: $0) }
                try target.write(buffer.span.extracting(first: count).bytes)
                page += UInt32(count / snapshot.pageSize)
            }
            try snapshot.check()
            try target.sync()
        }
    }

    /// A file that does not open cannot be replaced from within. Killed at any point, there is the damaged one or the new one,
    /// and what is put aside is whole.
    private func replaceDamaged(
        _ built: RebuiltAccount, _ file: AccountFileKey, _ report: inout Report
    ) async throws {
        let live = file.file.path(in: accounts)
        guard !SealedDatabase.isOpenElsewhere(live) else {
            throw BackupError.refused(
                "the file of \(address) is damaged and a service has it open: stop the services that use accounts, then restore"
            )
        }
        let key = try built.file.key
        // It may have been finished already, before the damage was met: then once more.
        try await report.note(built.finish(after: nil))
        let new = built.folder + "/mended.db"
        try SealedDatabase.copy(built.path, key: key, to: new, key: file.key)
        let aside = try replacedPath(built.id)
        for suffix in ["-wal", ""] {
            guard link(live + suffix, aside + suffix) == 0 || errno == ENOENT else {
                throw BackupError.system("keep \(live)\(suffix)", errno: errno)
            }
        }
        try PlainFile.syncFolder(ReplacedFiles.folder(in: accounts))
        for suffix in ["-wal", "-shm"] { unlink(live + suffix) }
        guard rename(new, live) == 0 else { throw BackupError.system("move \(new)", errno: errno) }
        try PlainFile.syncFolder(accounts)
        report.replaced = aside
    }
}
