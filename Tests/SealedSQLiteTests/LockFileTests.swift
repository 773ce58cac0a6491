// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import TestSupport
import Testing

@Suite struct LockFileTests {
    @Test func oneHasItAloneOrSomeTogether() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("lock")
        var alone = try LockFile(path)
        #expect(alone != nil)
        #expect(try LockFile(path) == nil && LockFile(path, alone: false) == nil)
        alone = nil
        let together = [try LockFile(path, alone: false), try LockFile(path, alone: false)]
        #expect(together.allSatisfy { $0 != nil })
        #expect(try LockFile(path) == nil)
        #expect(throws: SealedError.system("open \(folder.path)/no/lock", errno: ENOENT)) {
            try LockFile(folder.file("no/lock"))
        }
    }

    /// As when another thread starts a program just then: until it runs, it has all descriptors.
    @Test func itEndsWhoeverElseHasTheDescriptor() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("lock")
        var lock = try LockFile(path)
        #expect(lock != nil)
        let descriptor = try #require(
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init).first {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
            })
        let copy = dup(descriptor)
        defer { close(copy) }
        lock = nil
        #expect(try LockFile(path) != nil)
    }
}
