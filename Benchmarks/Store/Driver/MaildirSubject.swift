// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// One file a message (https://cr.yp.to/proto/maildir.html), with the names in memory as a server's index would hold them.
///
/// A delivery is written to tmp and synced, linked into new, and the folder is synced; so is the folder after every other
/// change. A search looks for the bytes as they are: it decodes nothing.
final class MaildirSubject: Subject, Sendable {
    private let root: String
    private let inbox: String
    private let archive: String
    private let names = Mutex<[Int: String]>([:])
    private let archived = Mutex<[String]>([])

    init(root: String) throws {
        self.root = root
        inbox = root + "/new"
        archive = root + "/archive"
        for folder in [root + "/tmp", inbox, archive] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
    }

    func deliver(_ messages: [[UInt8]], from first: Int, writers: Int) async throws {
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: writers) { writer in
            do {
                for index in stride(from: writer, to: messages.count, by: writers) {
                    try deliver(messages[index], number: first + index)
                }
            } catch { failure.withLock { $0 = error } }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func deliver(_ message: [UInt8], number: Int) throws {
        let name = "1700000000.M\(number)P1.benchmark:2,"
        let temporary = "\(root)/tmp/\(name)"
        let descriptor = Foundation.open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("open \(errno)") }
        defer { close(descriptor) }
        guard write(descriptor, message, message.count) == message.count, fsync(descriptor) == 0 else {
            throw Failure("write \(errno)")
        }
        guard link(temporary, "\(inbox)/\(name)") == 0, unlink(temporary) == 0 else { throw Failure("link \(errno)") }
        try sync(inbox)
        names.withLock { $0[number + 1] = name }
    }

    private func sync(_ folder: String) throws {
        let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else { throw Failure("sync \(errno)") }
    }

    private func path(_ uid: Int) throws -> String {
        guard let name = names.withLock({ $0[uid] }) else { throw Failure("no message \(uid)") }
        return "\(inbox)/\(name)"
    }

    private func read(_ path: String, atMost limit: Int = .max) throws -> [UInt8] {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("open \(errno)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure("stat \(errno)") }
        let size = min(limit, Int(status.st_size))
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = Foundation.read(descriptor, buffer.baseAddress, size)
            guard count == size else { throw Failure("read \(errno)") }
        }
    }

    func index() async throws {}

    func headers(_ uids: ClosedRange<Int>) async throws {
        for uid in uids {
            let start = try read(path(uid), atMost: 4096)
            guard let header = Data(start).range(of: Data("\r\n\r\n".utf8)), header.upperBound > 0 else {
                throw Failure("message \(uid) has no header")
            }
        }
    }

    func bodies(_ uids: [Int]) async throws {
        for uid in uids where try read(path(uid)).isEmpty { throw Failure("message \(uid) is empty") }
    }

    func flags(_ uids: [Int]) async throws {
        for uid in uids {
            let old = try path(uid)
            let name = (old as NSString).lastPathComponent
            let new = name.hasSuffix("S") ? String(name.dropLast()) : name + "S"
            guard rename(old, "\(inbox)/\(new)") == 0 else { throw Failure("rename \(errno)") }
            try sync(inbox)
            names.withLock { $0[uid] = new }
        }
    }

    func search(_ words: [String]) async throws -> Int {
        var found = 0
        for word in words {
            let needle = Array(word.utf8)
            for path in try names.withLock({ Array($0.keys) }).map(path) {
                let message = try read(path)
                if message.span.holds(needle.span) { found += 1 }
            }
        }
        return found
    }

    func copy(_ uids: ClosedRange<Int>) async throws {
        for step in uids.steps(of: 10) {
            for uid in step {
                let copy = "\(archive)/\(uid).copy"
                guard link(try path(uid), copy) == 0 else { throw Failure("link \(errno)") }
                archived.withLock { $0.append(copy) }
            }
            try sync(archive)
        }
    }

    func expunge(_ count: Int) async throws {
        for step in (1...count).steps(of: 10) {
            let paths = archived.withLock { paths in
                defer { paths.removeFirst(step.count) }
                return Array(paths.prefix(step.count))
            }
            for path in paths where unlink(path) != 0 { throw Failure("unlink \(errno)") }
            try sync(archive)
        }
    }

    func open() async throws -> Int { try FileManager.default.contentsOfDirectory(atPath: inbox).count }
}

extension Span<UInt8> {
    /// By the needle's first byte, as memchr(3) finds it.
    fileprivate func holds(_ needle: Span<UInt8>) -> Bool {
        withUnsafeBytes { hay in
            needle.withUnsafeBytes { needle in
                guard let start = hay.baseAddress, let wanted = needle.baseAddress else { return false }
                var offset = 0
                while offset + needle.count <= hay.count,
                    let found = memchr(start + offset, Int32(needle[0]), hay.count - needle.count - offset + 1)
                {
                    if memcmp(found, wanted, needle.count) == 0 { return true }
                    offset = found - UnsafeMutableRawPointer(mutating: start) + 1
                }
                return false
            }
        }
    }
}
