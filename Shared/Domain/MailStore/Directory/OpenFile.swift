// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// An open file of an account: that of its mail, or that of its sealed arrivals, which has no texts.
final class OpenFile: Sendable {
    let pool: DatabasePool
    let appends: AppendQueue
    let backlog: TextBacklog?
    private let path: String
    private let identity: FileIdentity

    init(pool: DatabasePool, path: String, identity: FileIdentity, backlog: TextBacklog?) {
        self.pool = pool
        self.path = path
        self.identity = identity
        self.backlog = backlog
        appends = AppendQueue(pool: pool, backlog: backlog)
    }

    /// Whether its name is another file's now, or nobody's: keyed anew, restored or removed, maybe by another process.
    var hasMoved: Bool { FileIdentity(path: path) != identity }
}

/// Device and inode.
struct FileIdentity: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64

    /// Nil when there is nothing at the path.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
