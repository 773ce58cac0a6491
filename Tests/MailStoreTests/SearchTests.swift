// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MailStore

@Suite struct SearchTests {
    private struct Case: CustomTestStringConvertible {
        var query: SearchQuery
        var uids: [UInt32]
        var testDescription: String { "\(query)" }
    }

    /// Alike while the texts wait for the index, when half of them are in it, and then.
    @Test(arguments: [0, 2, 4]) func everyKey(indexed: Int) async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let day = SearchDay(year: 2026, month: 11, day: 24)
        let noon = Int64(day.number) * 86400 + 43200
        let inbox = try await store.deliver(
            message("Monthly report", "The quick brown fox.\r\nJumps  over"), flags: .init(.seen, keywords: ["$work"]),
            internalDate: .init(seconds: noon)
        ).mailbox
        _ = try await store.deliver(
            message("회의 일정 안내", "내일 오후에 회의실에서 만나요. 東京都庁で会議。 北京大学"), flags: .init(.flagged),
            internalDate: .init(seconds: noon - 86400))
        // 23:30 UTC of the day before, but already the day where it was received.
        let third = try await store.deliver(
            message("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", String(repeating: "padding ", count: 1000)),
            internalDate: .init(seconds: noon - 45000, zoneMinutes: 60))
        _ = try await store.deliver(
            Array("X-Only: one\r\nDate: 1 Jan 2000 00:00:00 +0000\r\n\r\nshort".utf8), internalDate: .init(seconds: 0))

        try await fixture.index(indexed)
        let cases = [
            Case(query: .all, uids: [1, 2, 3, 4]),
            Case(query: .uids(UIDSet(2...3)), uids: [2, 3]),
            Case(query: .flags(.seen), uids: [1]),
            Case(query: .not(.flags(.seen)), uids: [2, 3, 4]),
            Case(query: .keyword("$WORK"), uids: [1]),
            Case(query: .not(.keyword("nobody")), uids: [1, 2, 3, 4]),
            Case(query: .larger(5000), uids: [3]),
            Case(query: .smaller(100), uids: [4]),
            Case(query: .internalDate(.on(day)), uids: [1, 3]),
            Case(query: .internalDate(.before(day)), uids: [2, 4]),
            Case(query: .internalDate(.since(day)), uids: [1, 3]),
            Case(query: .sentDate(.on(day)), uids: [1, 2, 3]),
            Case(query: .sentDate(.before(day)), uids: [4]),
            Case(query: .modseq(atLeast: third.modseq), uids: [3, 4]),
            Case(query: .header("Subject", "REPORT"), uids: [1]),
            Case(query: .header("subject", "grüße"), uids: [3]),
            Case(query: .header("From", "ann@example"), uids: [1, 2, 3]),
            Case(query: .header("To", "ann"), uids: []),
            Case(query: .header("X-Only", ""), uids: [4]),
            Case(query: .header("X-Only", "o"), uids: [4]),
            Case(query: .header("X-On", ""), uids: []),
            Case(query: .body("BROWN FOX. jumps over"), uids: [1]),
            Case(query: .body("uick brow"), uids: [1]),
            Case(query: .body("report"), uids: []),
            Case(query: .text("report"), uids: [1]),
            Case(query: .body("회의실"), uids: [2]),
            Case(query: .body("의실"), uids: [2]),
            Case(query: .text("회의"), uids: [2]),
            Case(query: .header("Subject", "일정"), uids: [2]),
            Case(query: .body("京都"), uids: [2]),
            Case(query: .body("都庁で会"), uids: [2]),
            Case(query: .body("大学"), uids: [2]),
            Case(query: .body("大学院"), uids: []),
            Case(query: .body(""), uids: [1, 2, 3, 4]),
            Case(query: .body("\"quick\""), uids: []),
            Case(query: .and([.body("padding padding"), .not(.flags(.seen))]), uids: [3]),
            Case(query: .or(.body("fox"), .flags(.flagged)), uids: [1, 2]),
            Case(query: .not(.text("example")), uids: [4]),
            Case(query: .and([.uids(UIDSet(1...2)), .and([.text("example"), .not(.body("fox"))])]), uids: [2]),
        ]
        for each in cases {
            let result = try await store.search(each.query, in: inbox)
            #expect(result.uids == each.uids, "\(each.query)")
        }
        let result = try await store.search(.uids([3]), in: inbox)
        #expect(result.highestModseq == third.modseq)
    }

    @Test(arguments: [0, 1]) func partsAreDecoded(indexed: Int) async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let bytes = Array(
            """
            Subject: parts\r
            MIME-Version: 1.0\r
            Content-Type: multipart/mixed; boundary=B\r
            \r
            --B\r
            Content-Type: text/html; charset=iso-8859-1\r
            Content-Transfer-Encoding: quoted-printable\r
            \r
            <html><style>p{color:hidden}</style><p>Sch=F6ne <b>Gr</b>=FC=DFe &amp; mehr</p></html>\r
            --B\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Transfer-Encoding: base64\r
            \r
            7J247IKs66eQ7J2EIOuztOuDheuLiOuLpA==\r
            --B\r
            Content-Type: application/pdf; name="Rechnung-4711.pdf"\r
            Content-Disposition: attachment; filename="Rechnung-4711.pdf"\r
            Content-Transfer-Encoding: base64\r
            \r
            AAAAAAAA\r
            --B--\r

            """.utf8)
        let inbox = try await store.deliver(bytes).mailbox
        try await fixture.index(indexed)
        for text in ["schöne grüße & mehr", "인사말을", "사말", "rechnung-4711"] {
            #expect(try await store.search(.body(text), in: inbox).uids == [1], "\(text)")
        }
        for text in ["hidden", "AAAAAAAA", "7J247IKs66eQ"] {
            #expect(try await store.search(.body(text), in: inbox).uids == [], "\(text)")
        }
    }

    /// Only the first kilobyte was searchable: not here, and not only what the index holds.
    @Test(arguments: [0, 2]) func longTextsAreSearchedToTheirEnd(indexed: Int) async throws {
        var limits = StoreLimits()
        limits.indexedTextBytes = 20_000
        let fixture = try await Fixture(limits: limits)
        let store = fixture.store
        let text = String(repeating: "filler words\r\n", count: 10_000) + "needle in the end"
        let inbox = try await store.deliver(message("long", text)).mailbox
        _ = try await store.deliver(message("short", "nothing"))
        try await fixture.index(indexed)
        #expect(try await store.search(.body("needle in the END"), in: inbox).uids == [1])
        #expect(try await store.search(.body("another needle"), in: inbox).uids == [])
    }

    @Test func searchesAreBounded() async throws {
        let fixture = try await Fixture()
        let inbox = try await fixture.store.mailbox(named: .inbox)
        let query = SearchQuery.and(Array(repeating: .all, count: 500))
        await #expect(throws: StoreError.limit(.searchKeys)) { try await fixture.store.search(query, in: inbox) }
    }
}
