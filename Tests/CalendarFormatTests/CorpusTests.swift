// SPDX-License-Identifier: Apache-2.0
import CalendarFormat
import Foundation
import Testing

/// Files of other projects: each is taken, or refused with a reason.
@Suite struct CorpusTests {
    private static func files(_ folder: String) -> [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../shared/corpus/\(folder)").standardizedFileURL
        let all = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
        return (all?.compactMap { $0 as? URL } ?? []).filter {
            (try? $0.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true
        }.map(\.path).sorted()
    }

    @Test func theCorpusIsThere() {
        #expect(Self.files("ics").count > 100 && Self.files("vcf").count > 15)
    }

    @Test func calendars() throws {
        var taken = 0
        for file in Self.files("ics") {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            do {
                let object = try CalendarObject(parsing: bytes)
                #expect(!object.uid.isEmpty, "\(file)")
                taken += 1
            } catch {
                guard case .notAnObject(let reason) = error else { continue }
                #expect(!reason.isEmpty, "\(file)")
            }
        }
        // Most are collections of many events, which no resource may be.
        #expect(taken >= 20, "\(taken)")
    }

    @Test func cards() throws {
        for file in Self.files("vcf") {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            do { #expect(!(try Card(parsing: bytes)).searchableText.isEmpty, "\(file)") } catch {
                let known = ["more than one VCARD", "no UTF-8"]
                #expect(known.contains(error.reason), "\(file): \(error.reason)")
            }
        }
    }
}
