// SPDX-License-Identifier: Apache-2.0

/// Where a repository's objects lie: a folder, or whatever rclone reaches. Names are as `chunks/ab/ab01…`.
///
/// One job uses it, on one thread; calls block.
protocol ObjectStore: AnyObject {
    /// For people.
    var place: String { get }

    /// Objects under a folder with their sizes; empty when there is none.
    func list(_ folder: String) throws -> [StoredObject]
    /// Whole, at most `limit` bytes; `nil`: there is none.
    func read(_ name: String, limit: Int) throws -> [UInt8]?
    /// Has these at hand, if it helps: they are read next, and once.
    func fetch(_ names: [String]) throws
    /// Certain to be there after the next `flush`; it appears whole or not at all. In place of what has the name.
    func write(_ name: String, _ bytes: [UInt8]) throws
    /// Whether enough is written to be worth a `flush`, before which no more should be.
    var isFull: Bool { get }
    func flush() throws
    /// Those that are not there are no error.
    func delete(_ names: [String]) throws
    /// Until `unlock` or the end of the process: alone, or with others that only read. Throws `BackupError.inUse`.
    func lock(alone: Bool) throws
    func unlock()
    /// Removes what a run that died has left half done.
    func clean() throws
}

struct StoredObject: Sendable {
    let name: String
    let size: Int64
}
