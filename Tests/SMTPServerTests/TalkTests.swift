// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite struct TalkTests {
    @Test(arguments: try TalkScript.names(in: "smtp"))
    func conversation(name: String) async throws {
        var talk = try Talk(name: name)
        try await talk.run(piece: nil)
    }

    @Test(arguments: try TalkScript.names(in: "smtp"))
    func octetByOctet(name: String) async throws {
        var talk = try Talk(name: name)
        try await talk.run(piece: 1)
    }

    @Test(arguments: try TalkScript.names(in: "smtp"))
    func inPiecesOfSeven(name: String) async throws {
        var talk = try Talk(name: name)
        try await talk.run(piece: 7)
    }
}
