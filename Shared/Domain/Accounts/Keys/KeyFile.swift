// SPDX-License-Identifier: Apache-2.0
import CSodium
import Foundation
import SealedSQLite

/// A key in a file: 64 hex digits and a line end, mode 0400. The master key and the purpose keys are kept so.
package enum KeyFile {
    package static func read(_ path: String) throws(KeyError) -> SealedKey {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .noSuchFile(path) : .system("read \(path)", errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read \(path)", errno: errno) }
        guard status.st_mode & 0o077 == 0 else { throw .tooOpen(path, mode: UInt32(status.st_mode) & 0o7777) }
        var bytes = [UInt8](repeating: 0, count: 67)
        defer { bytes.withUnsafeMutableBytes { sodium_memzero($0.baseAddress, $0.count) } }
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw .system("read \(path)", errno: errno) }
            if got == 0 { break }
            count += got
        }
        if count == 65, bytes[64] == UInt8(ascii: "\n") { count = 64 }
        guard count == 64, let key = SealedKey(hexDigits: bytes[..<64]) else {
            throw .malformed(path)
        }
        return key
    }

    /// `nil`: there is no such file.
    static func readIfPresent(_ path: String) throws(KeyError) -> SealedKey? {
        do { return try read(path) } catch {
            if case .noSuchFile = error { return nil }
            throw error
        }
    }

    /// On disk when it returns; never replaces another key.
    /// - Parameter like: a file whose owner and group the new one gets.
    package static func write(_ key: SealedKey, to path: String, like: String? = nil) throws(KeyError) {
        var digits = key.hexDigits
        var text = [UInt8](repeating: UInt8(ascii: "\n"), count: digits.count + 1)
        for (index, digit) in digits.enumerated() { text[index] = digit }
        defer {
            SecretBytes.wipe(&digits)
            SecretBytes.wipe(&text)
        }
        do { try NewFile.write(text, to: path, mode: 0o400, like: like) } catch {
            guard error.errno == EEXIST else { throw .system("write \(path)", errno: error.errno) }
            guard try read(path) == key else { throw .different(path) }
        }
    }
}

/// Makes files that are whole or not there.
enum NewFile {
    struct Failure: Error { let errno: Int32 }

    /// Under another name, synced, then linked into place. Fails with EEXIST when the name is taken.
    /// - Parameter like: a file whose owner and group the new one gets.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t, like: String? = nil) throws(Failure) {
        try make(bytes, path, mode: mode, like: like) { temporary in link(temporary, path) }
    }

    /// The same in place of the file that is there, whose owner, group and mode stay: there is the old or the new, whenever it
    /// is cut off.
    static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failure(errno: errno) }
        try make(bytes, path, mode: status.st_mode & 0o7777, like: path) { temporary in rename(temporary, path) }
    }

    /// Moves a file of the same folder over another; on disk when it returns.
    static func move(_ new: String, over path: String) throws(Failure) {
        guard rename(new, path) == 0 else { throw Failure(errno: errno) }
        try syncFolder(of: path)
    }

    private static func make(
        _ bytes: [UInt8], _ path: String, mode: mode_t, like: String?, _ place: (String) -> Int32
    ) throws(Failure) {
        let temporary = path + ".\(UInt64.random(in: 0 ... .max)).new"
        let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        defer { unlink(temporary) }
        let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, isGiven(descriptor, like), fchmod(descriptor, mode) == 0,
            fsync(descriptor) == 0
        else {
            let failure = Failure(errno: written >= 0 && written < bytes.count ? ENOSPC : errno)
            close(descriptor)
            throw failure
        }
        close(descriptor)
        guard place(temporary) == 0 else { throw Failure(errno: errno) }
        try syncFolder(of: path)
    }

    /// Gives the file the owner and group of another, where they differ.
    private static func isGiven(_ descriptor: Int32, _ like: String?) -> Bool {
        guard let like else { return true }
        var (ours, theirs) = (stat(), stat())
        guard fstat(descriptor, &ours) == 0, stat(like, &theirs) == 0 else { return false }
        return ours.st_uid == theirs.st_uid && ours.st_gid == theirs.st_gid
            || fchown(descriptor, theirs.st_uid, theirs.st_gid) == 0
    }

    private static func syncFolder(of path: String) throws(Failure) {
        let parent = (path as NSString).deletingLastPathComponent
        do { try DiskSync.folder(parent.isEmpty ? "." : parent) } catch { throw Failure(errno: error.errno) }
    }
}
