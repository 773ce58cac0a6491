// SPDX-License-Identifier: Apache-2.0

/// The pages of a file that may be damaged, in clear, each by itself. Of 4,096 bytes, as all files of ours have.
package protocol PageSource {
    var pageCount: UInt32 { get }
    /// From 1. Nil: no version of it can be read.
    func page(_ number: UInt32) -> [UInt8]?
}

enum Page {
    static let size = 4_096
    /// Without nonce and tag.
    static let usableSize = 4_064

    static func number(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// What is committed in a file that is in use. Nobody waits for it; the file's log grows while this lives.
package struct SnapshotPages: PageSource {
    private let snapshot: FileSnapshot
    private let key: SealedKey

    /// Throws `SnapshotError`.
    package init(path: String, key: SealedKey) throws(SnapshotError) {
        (snapshot, self.key) = (try FileSnapshot(path: path), key)
        guard snapshot.pageSize == Page.size else { throw .notSealed(path) }
    }

    package var pageCount: UInt32 { snapshot.pages }

    package func page(_ number: UInt32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Page.size)
        let isRead = bytes.withUnsafeMutableBytes { (try? snapshot.read(from: number, into: $0)) == Page.size }
        guard isRead else { return nil }
        // Of no use yet: it has no tag.
        if !snapshot.isWritten(number) { return bytes }
        return PageCipher.decrypt(&bytes, number: number, key: key) ? bytes : nil
    }
}
