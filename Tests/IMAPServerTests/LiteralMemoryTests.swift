// SPDX-License-Identifier: Apache-2.0

import IMAPServer
import Testing

/// What sessions of one process hold of large literals, together.
@Suite struct LiteralMemoryTests {
    private func world(wait: Int64) async throws -> World {
        var limits = IMAPLimits()
        limits.literalMemory = 200_000
        limits.literalWait = wait
        return try await World(limits: limits)
    }

    private func loggedIn(_ world: World) async throws -> Line {
        let line = try await world.connect(isTLS: true)
        try await line.send(Array("l LOGIN anna@example.org secret-1\r\n".utf8))
        _ = line.take()
        return line
    }

    private func answer(_ line: Line, _ text: String) async throws -> String {
        try await line.send(Array(text.utf8))
        return String(decoding: line.take(), as: UTF8.self)
    }

    private func letter(_ size: Int) -> String { "a: b\r\n\r\n" + String(repeating: "x", count: size - 8) }

    @Test func withoutRoomALiteralIsRefusedAndTheStreamStaysInStep() async throws {
        let world = try await world(wait: 0)
        let (first, second) = (try await loggedIn(world), try await loggedIn(world))
        #expect(try await answer(first, "a APPEND INBOX {150000}\r\n").hasPrefix("+ "))
        #expect(world.memory.inUse == 150_000)
        #expect(try await answer(second, "a APPEND INBOX {100000}\r\n").hasPrefix("a NO [UNAVAILABLE] "))
        let told = try await answer(second, "b APPEND INBOX {100000+}\r\n\(letter(100_000))\r\nc NOOP\r\n")
        #expect(told.hasPrefix("b NO [UNAVAILABLE] ") && told.hasSuffix("c OK done\r\n"))
        // Small ones need no room.
        #expect(try await answer(second, "d APPEND INBOX {500+}\r\n\(letter(500))\r\n").hasPrefix("d OK [APPENDUID "))
        #expect(try await answer(first, letter(150_000) + "\r\n").contains("a OK [APPENDUID "))
        #expect(world.memory.inUse == 0)
        #expect(try await answer(second, "e APPEND INBOX {100000}\r\n").hasPrefix("+ "))
        // A connection that breaks gives its room back.
        try await second.end()
        #expect(second.isClosed && world.memory.inUse == 0)
        await world.directory.close()
    }

    @Test func manyLiteralsOfOneCommandCountTogether() async throws {
        let world = try await world(wait: 0)
        let line = try await loggedIn(world)
        #expect(try await answer(line, "a SEARCH OR SUBJECT {60000}\r\n").hasPrefix("+ "))
        #expect(world.memory.inUse == 0)
        #expect(try await answer(line, String(repeating: "x", count: 60_000) + " BODY {60000}\r\n").hasPrefix("+ "))
        #expect(world.memory.inUse == 120_000)
        // Refused for its size: nothing of the command is kept.
        let refused = try await answer(line, String(repeating: "x", count: 60_000) + " TO {600000}\r\n")
        #expect(refused.hasPrefix("a NO [TOOBIG] ") && world.memory.inUse == 0)
        #expect(try await answer(line, "b NOOP\r\n").hasSuffix("b OK done\r\n"))
        await world.directory.close()
    }

    @Test func aLiteralWaitsForRoom() async throws {
        let world = try await world(wait: 3_600)
        let (first, second) = (try await loggedIn(world), try await loggedIn(world))
        #expect(try await answer(first, "a APPEND INBOX {150000}\r\n").hasPrefix("+ "))
        let waits = Task { try await second.send(Array("b APPEND INBOX {100000}\r\n".utf8)) }
        while world.memory.waiting == 0 { await Task.yield() }
        #expect(second.take().isEmpty)
        #expect(try await answer(first, letter(150_000) + "\r\n").contains("a OK [APPENDUID "))
        try await waits.value
        #expect(String(decoding: second.take(), as: UTF8.self).hasPrefix("+ "))
        #expect(try await answer(second, letter(100_000) + "\r\n").contains("b OK [APPENDUID "))
        #expect(world.memory.inUse == 0)
        await world.directory.close()
    }
}
