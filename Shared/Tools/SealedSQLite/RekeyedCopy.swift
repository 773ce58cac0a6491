// SPDX-License-Identifier: Apache-2.0
import CSodium
import Foundation

/// A copy of a file in use under another key, made page by page while others write, which is brought up to date until the two
/// are exchanged. Has the same pages in the same places, and no log.
///
/// It holds a `FileSnapshot`: nobody waits for it, and the file's log grows until it is done. In memory it has some pages and
/// the log's page numbers. Not Sendable: one thread makes it.
package final class RekeyedCopy {
    /// Pages that are read at once.
    private static let batch = 64
    /// What is written is put on disk by so many bytes, so that nobody's commit waits for all of it.
    private static let syncedBytes = 16 << 20

    private let snapshot: FileSnapshot
    private let key: SealedKey
    private let newKey: SealedKey
    private let path: String
    private var descriptor: Int32 = -1
    /// What the first page begins with, of this file alone.
    private let salt: [UInt8]
    private var buffer: [UInt8]
    private var unsynced = 0

    /// Takes the snapshot; nothing is on disk yet. Throws `SealedError`, `SnapshotError`.
    package init(of source: String, key: SealedKey, at path: String, key newKey: SealedKey) throws {
        snapshot = try FileSnapshot(path: source)
        (self.key, self.newKey, self.path) = (key, newKey, path)
        salt = (0..<16).map { _ in UInt8.random(in: 0 ... .max) }
        buffer = [UInt8](repeating: 0, count: Self.batch * snapshot.pageSize)
    }

    /// Makes the new file, mode 0660, which no other process that asks `isBeingMade` takes for a leaving while this lives.
    /// Once, before `copyAll`. Throws `SealedError`.
    package func create() throws {
        descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else { throw SealedError.system("create \(path)", errno: errno) }
        guard fchmod(descriptor, 0o660) == 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            unlink(path)
            throw SealedError.system("lock \(path)", errno: errno)
        }
    }

    deinit { close() }

    /// Whether a program that lives is making the file at `path`.
    package static func isBeingMade(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno != ENOENT }
        defer { Foundation.close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }

    /// Bytes of the file as it is now.
    package var bytes: Int64 { snapshot.bytes }

    /// Copies the state that the file had when this was made. Throws `DamagedPage`, `SnapshotError`, `SealedError`.
    package func copyAll(_ progress: (_ done: Int64, _ of: Int64) throws -> Void) throws {
        var page: UInt32 = 1
        while page <= snapshot.pages {
            let bytes = try copy(from: page, most: Self.batch)
            page += UInt32(bytes / snapshot.pageSize)
            try progress(Int64(page - 1) * Int64(snapshot.pageSize), snapshot.bytes)
        }
    }

    /// Copies the pages that were changed since; returns how many there were. Under the file's write lock (`WriteHold`) the
    /// two have the same content afterwards. Throws as `copyAll`; `SnapshotError.busy` when the file's log was begun anew: then
    /// the copy is of no use.
    package func catchUp() throws -> Int {
        let changed = try snapshot.update()
        for page in changed { _ = try copy(from: page, most: 1) }
        return changed.count
    }

    /// Leaves the file as long as it must be, on disk. It is to be closed once it has its name.
    package func finish() throws {
        guard ftruncate(descriptor, off_t(snapshot.bytes)) == 0 else {
            throw SealedError.system("cut \(path)", errno: errno)
        }
        unsynced += 1
        try sync()
    }

    /// From now on it is not being made any more.
    package func close() {
        if descriptor >= 0 { Foundation.close(descriptor) }
        descriptor = -1
    }

    private func copy(from first: UInt32, most: Int) throws -> Int {
        try buffer.withUnsafeMutableBytes { buffer in
            let size = snapshot.pageSize
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(most * size)])
            let count = try snapshot.read(from: first, into: room)
            guard count > 0 else { throw SnapshotError.damaged(path) }
            for start in stride(from: 0, to: count, by: size) {
                let number = first + UInt32(start / size)
                let page = UnsafeMutableRawBufferPointer(rebasing: room[start..<start + size])
                if PageCipher.rekey(page, number: number, from: key, to: newKey, salt: salt) { continue }
                if !snapshot.isWritten(number) {
                    // All zeros, without a nonce.
                    PageCipher.encrypt(page, number: number, key: newKey)
                    continue
                }
                // A checkpoint may just have made an encrypted page of such a one.
                _ = try snapshot.read(from: number, into: page)
                guard PageCipher.rekey(page, number: number, from: key, to: newKey, salt: salt) else {
                    throw DamagedPage(number: number)
                }
            }
            try write(UnsafeRawBufferPointer(rebasing: room[..<count]), at: off_t(first - 1) * off_t(size))
            return count
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: off_t) throws {
        var done = 0
        while done < bytes.count {
            let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, offset + off_t(done))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw SealedError.system("write \(path)", errno: errno) }
            done += written
        }
        unsynced += bytes.count
        if unsynced >= Self.syncedBytes { try sync() }
    }

    /// What was copied is on disk.
    package func sync() throws {
        guard unsynced > 0 else { return }
        guard fsync(descriptor) == 0 else { throw SealedError.system("sync \(path)", errno: errno) }
        unsynced = 0
    }
}

/// A page whose tag does not fit, from 1.
package struct DamagedPage: Error, Equatable {
    package let number: UInt32
}
