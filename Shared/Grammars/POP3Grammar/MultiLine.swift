// SPDX-License-Identifier: Apache-2.0

/// A message as a multi-line response (RFC 1939 section 3), piece by piece: a dot before each line that starts with
/// one, and the closing dot. Stored messages have CRLF ends; one without an end in its last line gets it.
package struct MultiLine: Sendable {
    private var last: UInt8 = 0x0A

    package init() {}

    package mutating func add(_ piece: ArraySlice<UInt8>, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + piece.count + 16)
        for byte in piece {
            if last == 0x0A, byte == 0x2E { output.append(0x2E) }
            output.append(byte)
            last = byte
        }
    }

    package mutating func end(_ output: inout [UInt8]) {
        if last != 0x0A { output += [0x0D, 0x0A] }
        output += [0x2E, 0x0D, 0x0A]
    }
}
