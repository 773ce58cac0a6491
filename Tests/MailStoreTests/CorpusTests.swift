// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat
import Testing

@testable import MailStore

@Suite struct CorpusTests {
    /// Beside the repository; nil where it is not mounted.
    static let folder: URL? = {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let folder = root.appendingPathComponent("../shared/corpus/eml").standardizedFileURL
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    @Test(.enabled(if: folder != nil))
    func everyMessageComesBackByteForByte() async throws {
        let folder = try #require(Self.folder)
        let fixture = try await Fixture()
        let store = fixture.store
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .map { folder.appendingPathComponent($0) }
            .filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true }
        try #require(!files.isEmpty)
        var stored: [UInt32: URL] = [:]
        for file in files {
            stored[try await store.deliver([UInt8](Data(contentsOf: file))).uid] = file
        }
        let inbox = try await store.mailbox(named: .inbox)
        let uids = stored.keys.sorted()
        for start in stride(from: 0, to: uids.count, by: 100) {
            let batch = UIDSet(uids[start..<min(start + 100, uids.count)])
            for found in try await store.metadata(of: batch, in: inbox, with: [.header, .structure]) {
                let file = try #require(stored[found.uid])
                let bytes = try [UInt8](Data(contentsOf: file))
                let back = try await store.readAll(found.body)
                #expect(back == bytes, "\(file.lastPathComponent)")
                #expect(found.size == bytes.count && found.structure == MIMEPart(parsing: bytes))
                #expect(found.header.map { $0 == Array(bytes.prefix(found.headerSize)) } ?? false)
            }
        }
        #expect(try await store.search(.text("a"), in: inbox).uids.count > 0)
    }
}
