// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Testing

/// BINARY of parts that are read in several pieces.
@Suite struct BinaryTests {
    private static let content = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 7 + $0 >> 9) }
    private static let text = String(repeating: "Grüße = \t\r\n", count: 150_000)

    private static var message: [UInt8] {
        let head = "Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
        let base64 = Data(content).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn])
        let quoted = text.replacing("=", with: "=3D").replacing("ü", with: "=C3=BC").replacing("ß", with: "=\r\n=C3=9F")
            .replacing("\t\r\n", with: "=09\r\n")
        return Array(
            (head + "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n\(base64)\r\n--B\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                + "\(quoted)\r\n--B--\r\n").utf8)
    }

    private func fetch(_ line: Line, _ item: String) async throws -> [UInt8] {
        try await line.send(Array("c FETCH 1 \(item)\r\n".utf8))
        return line.take()
    }

    @Test func largePartsAreDecodedInPieces() async throws {
        let world = try await World()
        _ = try await world.store(for: world.account).deliver(Self.message)
        let line = try await world.connect(isTLS: true)
        try await line.send(Array("a LOGIN anna@example.org secret-1\r\nb SELECT INBOX\r\n".utf8))
        _ = line.take()
        func expect(_ item: String, _ bytes: some Collection<UInt8>) async throws {
            let told = try await fetch(line, item.replacing("BINARY", with: "BINARY.PEEK"))
            let label = item.contains("<") ? item.prefix { $0 != "." } + ">" : item[...]
            let sign = bytes.contains(0) ? "~" : ""
            let wanted =
                Array("* 1 FETCH (\(label) \(sign){\(bytes.count)}\r\n".utf8) + bytes
                + Array(")\r\nc OK done\r\n".utf8)
            #expect(told == wanted, "\(item)")
        }
        let (content, text) = (Self.content, Array(Self.text.utf8))
        try await expect("BINARY[1]", content)
        try await expect("BINARY[2]", text)
        // Across the border of two pieces, over the end, past it, and more than is kept in memory.
        try await expect("BINARY[1]<786400.1000>", content[786_400..<787_400])
        try await expect("BINARY[1]<2499990.1000>", content[2_499_990...])
        try await expect("BINARY[1]<2500000.10>", [])
        try await expect("BINARY[1]<100000.1500000>", content[100_000..<1_600_000])
        try await expect("BINARY[2]<1000000.50>", text[1_000_000..<1_000_050])
        for (part, size) in [(1, content.count), (2, text.count)] {
            let told = String(decoding: try await fetch(line, "BINARY.SIZE[\(part)]"), as: UTF8.self)
            #expect(told.hasPrefix("* 1 FETCH (BINARY.SIZE[\(part)] \(size))\r\n"))
        }
        await world.directory.close()
    }
}
