// SPDX-License-Identifier: Apache-2.0

/// What an examination of an account's file found.
package struct CheckReport: Sendable {
    /// Findings that are kept; those past it are counted.
    package static let findingsKept = 100

    /// Messages whose bytes were read whole (a copy counts once), and those bytes.
    package internal(set) var messages = 0
    package internal(set) var bytes = 0
    /// A sentence each, without a message's text; empty: the file is sound.
    package private(set) var findings: [String] = []
    package private(set) var findingsLeftOut = 0

    package var isSound: Bool { findings.isEmpty }

    mutating func found(_ finding: String) {
        if findings.count < Self.findingsKept { findings.append(finding) } else { findingsLeftOut += 1 }
    }
}
