// SPDX-License-Identifier: Apache-2.0

/// The messages that every subject stores: number n is the same bytes in every process and every run.
///
/// 1 to 8 KB of text as most mail has, with HTML beside it; each tenth has an attachment of 20 to 100 KB in base64.
struct Messages {
    private static let words: [String] = {
        var dice = Dice(seed: 1)
        // As many kinds of three letters in a row as a language has.
        let (vowels, consonants) = (Array("aeiou"), Array("bcdfghjklmnprstvwz"))
        return (0..<5000).map { _ in
            (0..<dice.below(8) + 3).reduce(into: "") { word, place in
                let letters = (place % 2 == 0) == (dice.below(5) > 0) ? consonants : vowels
                word.append(letters[dice.below(letters.count)])
            }
        }
    }()

    static func message(_ number: Int) -> [UInt8] {
        var dice = Dice(seed: UInt64(number) &+ 7)
        let text = Self.text(&dice, bytes: 1000 + dice.below(7000))
        var lines = [
            "Return-Path: <\(word(&dice))@example.net>",
            "Received: from mx.example.net (mx.example.net [192.0.2.7]) by mail.example.org with ESMTPS",
            " id \(number); Tue, 24 Nov 2026 10:00:00 +0000",
            "From: \(word(&dice)) \(word(&dice)) <\(word(&dice))@example.net>",
            "To: Anna <anna@example.org>",
            "Subject: \(word(&dice)) \(word(&dice)) \(word(&dice))",
            "Date: Tue, 24 Nov 2026 10:00:00 +0000",
            "Message-ID: <\(number).\(word(&dice))@example.net>",
            "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=\"b\"",
            "", "--b",
            "Content-Type: multipart/alternative; boundary=\"a\"",
            "", "--a",
            "Content-Type: text/plain; charset=utf-8", "",
        ]
        lines += text
        lines += ["--a", "Content-Type: text/html; charset=utf-8", "", "<html><body>"]
        lines += text.map { "<p>\($0)</p>" }
        lines += ["</body></html>", "--a--"]
        if number % 10 == 0 {
            lines += [
                "--b", "Content-Type: application/pdf; name=\"\(word(&dice)).pdf\"",
                "Content-Transfer-Encoding: base64", "",
            ]
            for _ in 0..<250 + dice.below(1000) { lines.append(base64Line(&dice)) }
        }
        lines += ["--b--", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// A word that a small part of all messages holds.
    static func searchWord(_ dice: inout Dice) -> String { words[words.count - 1 - dice.below(1000)] }

    /// Few words are frequent and most are rare, as in a language.
    static func word(_ dice: inout Dice) -> String {
        let span = words.count >> dice.below(8)
        return words[dice.below(span)]
    }

    static func text(_ dice: inout Dice, bytes: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var total = 0
        while total < bytes {
            line += word(&dice) + " "
            if line.utf8.count > 66 {
                total += line.utf8.count
                lines.append(line)
                line = ""
            }
        }
        return lines
    }

    private static func base64Line(_ dice: inout Dice) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        return String((0..<76).map { _ in digits[dice.below(64)] })
    }
}

/// Random numbers that are the same in every run (xorshift64*).
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func below(_ bound: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}
