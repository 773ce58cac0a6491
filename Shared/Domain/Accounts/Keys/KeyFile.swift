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
        guard count == 64, let key = SealedKey(hex: String(decoding: bytes[..<64], as: UTF8.self)) else {
            throw .malformed(path)
        }
        return key
    }

    /// On disk when it returns; never replaces another key.
    package static func write(_ key: SealedKey, to path: String) throws(KeyError) {
        let text = key.hex + "\n"
        do { try NewFile.write(Array(text.utf8), to: path, mode: 0o400) } catch {
            guard error.errno == EEXIST else { throw .system("write \(path)", errno: error.errno) }
            guard try read(path) == key else { throw .different(path) }
        }
    }
}

/// Makes files that are whole or not there.
enum NewFile {
    struct Failure: Error { let errno: Int32 }

    /// Under another name, synced, then linked into place. Fails with EEXIST when the name is taken.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(Failure) {
        let temporary = path + ".\(UInt64.random(in: 0 ... .max)).new"
        let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        defer { unlink(temporary) }
        let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
            let failure = Failure(errno: written >= 0 && written < bytes.count ? ENOSPC : errno)
            close(descriptor)
            throw failure
        }
        close(descriptor)
        guard link(temporary, path) == 0 else { throw Failure(errno: errno) }
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}
