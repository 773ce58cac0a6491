// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// The pages of a file that may be damaged, read past SQLite: the newest committed version of each, from the log or from
/// the main file, when its tag fits.
///
/// While it lives nobody else writes to the file, as far as it can still be opened at all: what no connection can open, nobody
/// writes to either.
package final class DamagedFile: PageSource {
    private static let frameHeader = 24

    private let key: SealedKey
    private let main: FileHandle
    private let log: FileHandle?
    /// Where in the log the newest committed versions of a page are, oldest first.
    private var frames: [UInt32: [UInt64]] = [:]
    package let pageCount: UInt32
    private let hold: WriteHold?

    /// Throws `SealedError.noSuchFile` or `.system`; SQLITE_BUSY when others write for longer than `SealedDatabase.lockTimeout`.
    package init(path: String, key: SealedKey) throws {
        self.key = key
        // Before SQLite opens the file, and closed after it did: closing a descriptor lets go of the process' locks.
        main = try Self.open(path)
        log = try? Self.open(path + "-wal")
        do { hold = try WriteHold(path: path, key: key) } catch let error as DatabaseError
            where error.resultCode == .SQLITE_BUSY
        { throw error } catch { hold = nil }
        var count = UInt32(clamping: try main.seekToEnd() / UInt64(Page.size))
        if let log { count = max(count, Self.committed(in: log, &frames)) }
        pageCount = count
    }

    deinit {
        hold?.end()
        try? log?.close()
        try? main.close()
    }

    private static func open(_ path: String) throws -> FileHandle {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw errno == ENOENT ? SealedError.noSuchFile(path) : SealedError.system("open \(path)", errno: errno)
        }
        return handle
    }

    /// Frames up to the last commit. The chain of checksums is not asked: it breaks at the first damaged frame, and each
    /// page has its tag. Returns the pages that the file has after that commit.
    private static func committed(in log: FileHandle, _ frames: inout [UInt32: [UInt64]]) -> UInt32 {
        guard let size = try? log.seekToEnd(), let head = bytes(of: log, at: 0, count: 32) else { return 0 }
        let frame = UInt64(frameHeader + Page.size)
        var found: [(page: UInt32, offset: UInt64)] = []
        var (committed, pages) = (0, UInt32(0))
        var offset: UInt64 = 32
        while offset + frame <= size {
            // The salts tell this round of the log from what is left of earlier ones.
            guard let header = bytes(of: log, at: offset, count: frameHeader), header[8..<16] == head[16..<24] else {
                break
            }
            found.append((page: Page.number(header, at: 0), offset: offset + UInt64(frameHeader)))
            if Page.number(header, at: 4) != 0 { (committed, pages) = (found.count, Page.number(header, at: 4)) }
            offset += frame
        }
        for (page, offset) in found.prefix(committed) { frames[page, default: []].append(offset) }
        return pages
    }

    private static func bytes(of file: FileHandle, at offset: UInt64, count: Int) -> [UInt8]? {
        guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.read(upToCount: count),
            data.count == count
        else { return nil }
        return [UInt8](data)
    }

    package func page(_ number: UInt32) -> [UInt8]? {
        for offset in (frames[number] ?? []).reversed() {
            if let page = decrypted(Self.bytes(of: log ?? main, at: offset, count: Page.size), number) {
                return page
            }
        }
        let offset = UInt64(number - 1) * UInt64(Page.size)
        return decrypted(Self.bytes(of: main, at: offset, count: Page.size), number)
    }

    private func decrypted(_ bytes: [UInt8]?, _ number: UInt32) -> [UInt8]? {
        guard var bytes, PageCipher.decrypt(&bytes, number: number, key: key) else { return nil }
        return bytes
    }
}
