// SPDX-License-Identifier: Apache-2.0
import CSealedSQLite
import Foundation

/// One moment's state of a file that may be in use, as ciphertext and without its key: what was committed when it was
/// taken, whole, in one run of pages that needs no log.
///
/// Nobody waits for it. While it lives the file's log can only grow, so it should live for seconds. Not Sendable: one
/// thread takes it, reads it and lets it go.
package final class FileSnapshot {
    /// Bytes of a page.
    package let pageSize: Int
    /// Pages of the state.
    package private(set) var pages: UInt32
    private let path: String
    private let handle: OpaquePointer

    package var bytes: Int64 { Int64(pages) * Int64(pageSize) }

    /// Takes the state of now.
    /// - Parameter patience: how long to wait, in milliseconds, for each of two locks that others hold for moments.
    package init(path: String, patience: Int32 = 10_000) throws(SnapshotError) {
        var handle: OpaquePointer?
        let code = sealed_snapshot_open(path, patience, &handle)
        guard code == 0, let handle else { throw SnapshotError(code, path) }
        self.path = path
        self.handle = handle
        pageSize = Int(sealed_snapshot_page_size(handle))
        pages = sealed_snapshot_pages(handle)
    }

    deinit { sealed_snapshot_close(handle) }

    /// Reads pages from `first` (counted from 1) on, as many as fit into `buffer` and are there; returns the bytes.
    package func read(from first: UInt32, into buffer: UnsafeMutableRawBufferPointer) throws(SnapshotError) -> Int {
        let count = min(buffer.count / pageSize, Int(pages) - Int(first) + 1)
        guard count > 0, let start = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
        for index in 0..<count {
            let code = sealed_snapshot_read(handle, first + UInt32(index), start + index * pageSize)
            guard code == 0 else { throw SnapshotError(code, path) }
        }
        return count * pageSize
    }

    /// Takes in what was committed since. Returns the pages that may be other than they were before, in order.
    func update() throws(SnapshotError) -> [UInt32] {
        var changed: UnsafeMutablePointer<UInt32>?
        var count = 0
        let code = sealed_snapshot_update(handle, &changed, &count)
        defer { sealed_snapshot_free(changed) }
        guard code == 0 else { throw SnapshotError(code, path) }
        pages = sealed_snapshot_pages(handle)
        return Array(UnsafeBufferPointer(start: changed, count: count))
    }

    /// False of a page that the state has and nobody ever wrote: `read` gives zeros for it.
    func isWritten(_ page: UInt32) -> Bool { sealed_snapshot_is_written(handle, page) != 0 }

    /// Whether the log lost commits that were on disk once. The state is that of now afterwards.
    func isLogCut() throws(SnapshotError) -> Bool {
        var isCut: Int32 = 0
        let code = sealed_snapshot_is_cut(handle, &isCut)
        guard code == 0 else { throw SnapshotError(code, path) }
        pages = sealed_snapshot_pages(handle)
        return isCut != 0
    }

    /// Proves, once all is read, that nothing moved under it.
    package func check() throws(SnapshotError) {
        let code = sealed_snapshot_check(handle)
        guard code == 0 else { throw SnapshotError(code, path) }
    }
}

/// Why a snapshot could not be taken or read.
package enum SnapshotError: Error, Equatable, CustomStringConvertible {
    case noSuchFile(String)
    /// The file, its folder or the log's index may not be written to; even readers take locks there.
    case notAllowed(String)
    /// Someone held a lock for longer than anybody should.
    case busy(String)
    /// Not a sealed file in WAL mode.
    case notSealed(String)
    /// It ends too early, or could not be read.
    case damaged(String)
    case failed(String, code: Int32)

    init(_ code: Int32, _ path: String) {
        // SQLite's result codes; the low byte is the primary one.
        switch code & 0xFF {
        case 5: self = .busy(path)
        case 10, 11: self = .damaged(path)
        case 14 where access(path, F_OK) != 0 && errno == ENOENT: self = .noSuchFile(path)
        case 8, 14: self = .notAllowed(path)
        case 26: self = .notSealed(path)
        default: self = .failed(path, code: code)
        }
    }

    package var description: String {
        switch self {
        case .noSuchFile(let path): "there is no file \(path)"
        case .notAllowed(let path): "\(path) cannot be opened for reading and locking; see its owner and mode"
        case .busy(let path): "\(path) stayed locked"
        case .notSealed(let path): "\(path) is not a sealed file"
        case .damaged(let path): "\(path) is damaged: it cannot be read to its end"
        case .failed(let path, let code): "\(path) cannot be read (SQLite says \(code))"
        }
    }
}
