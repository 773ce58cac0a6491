// SPDX-License-Identifier: Apache-2.0

/// Character references of HTML (HTML living standard, section 13.5): the names of HTML 4 and of Latin Extended-A.
enum HTMLReference {
    /// Bytes of the longest that is looked at, with its `&` and `;`.
    private static let limit = 12

    /// What the reference at a `&` stands for, and the position behind it. Nil: the `&` stands for itself.
    static func resolve(_ html: [UInt8], _ start: Int) -> (replacement: [UInt8], end: Int)? {
        let limit = min(html.count, start + limit)
        guard start + 1 < limit else { return nil }
        if html[start + 1] == UInt8(ascii: "#") { return number(html, start + 2, limit) }
        var end = start + 1
        while end < limit, isLetterOrDigit(html[end]) { end += 1 }
        let name = html[(start + 1)..<end]
        if end < html.count, html[end] == UInt8(ascii: ";"), let found = named[String(decoding: name, as: UTF8.self)] {
            return (found, end + 1)
        }
        // The oldest need no semicolon, whatever comes behind them.
        var length = name.count
        while length > 1 {
            if let found = unended[String(decoding: name.prefix(length), as: UTF8.self)] {
                return (found, start + 1 + length)
            }
            length -= 1
        }
        return nil
    }

    private static func number(_ html: [UInt8], _ start: Int, _ limit: Int) -> ([UInt8], Int)? {
        guard start < limit else { return nil }
        let isHex = html[start] | 0x20 == UInt8(ascii: "x")
        let first = isHex ? start + 1 : start
        var end = first
        while end < limit, isDigit(html[end]) || (isHex && isHexLetter(html[end])) { end += 1 }
        let digits = String(decoding: html[first..<max(first, end)], as: UTF8.self)
        guard var value = UInt32(digits, radix: isHex ? 16 : 10) else { return nil }
        if 0x80..<0xA0 ~= value { value = windows1252[Int(value) - 0x80] }
        guard let scalar = Unicode.Scalar(value) else { return nil }
        if end < html.count, html[end] == UInt8(ascii: ";") { end += 1 }
        return (Array(String(scalar).utf8), end)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    private static func isHexLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66 }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }

    private static let unended: [String: [UInt8]] = {
        var table = row(latin1, from: 160)
        table.merge(["amp": "&", "lt": "<", "gt": ">", "quot": "\""].mapValues { Array($0.utf8) }) { $1 }
        table["nbsp"] = [0x20]
        return table
    }()

    private static let named: [String: [UInt8]] = {
        var table = unended
        table["apos"] = [UInt8(ascii: "'")]
        table.merge(row(latinExtended, from: 256)) { $1 }
        table.merge(row(greek, from: 913)) { $1 }
        let words = others.split(separator: " ")
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            guard let scalar = UInt32(words[index + 1]).flatMap(Unicode.Scalar.init) else { continue }
            table[String(words[index])] = Array(String(scalar).utf8)
        }
        return table
    }()

    /// Names of characters that follow each other; `-` has none.
    private static func row(_ names: String, from first: UInt32) -> [String: [UInt8]] {
        var table: [String: [UInt8]] = [:]
        for (offset, name) in names.split(separator: " ").enumerated() where name != "-" {
            guard let scalar = Unicode.Scalar(first + UInt32(offset)) else { continue }
            table[String(name)] = Array(String(scalar).utf8)
        }
        return table
    }

    private static let latin1 = """
        nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
        micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
        AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml \
        times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil \
        egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash \
        ugrave uacute ucirc uuml yacute thorn yuml
        """

    private static let latinExtended = """
        Amacr amacr Abreve abreve Aogon aogon Cacute cacute Ccirc ccirc Cdot cdot Ccaron ccaron Dcaron dcaron Dstrok \
        dstrok Emacr emacr - - Edot edot Eogon eogon Ecaron ecaron Gcirc gcirc Gbreve gbreve Gdot gdot Gcedil - \
        Hcirc hcirc Hstrok hstrok Itilde itilde Imacr imacr - - Iogon iogon Idot imath IJlig ijlig Jcirc jcirc \
        Kcedil kcedil kgreen Lacute lacute Lcedil lcedil Lcaron lcaron Lmidot lmidot Lstrok lstrok Nacute nacute \
        Ncedil ncedil Ncaron ncaron napos ENG eng Omacr omacr - - Odblac odblac OElig oelig Racute racute Rcedil \
        rcedil Rcaron rcaron Sacute sacute Scirc scirc Scedil scedil Scaron scaron Tcedil tcedil Tcaron tcaron \
        Tstrok tstrok Utilde utilde Umacr umacr Ubreve ubreve Uring uring Udblac udblac Uogon uogon Wcirc wcirc \
        Ycirc ycirc Yuml Zacute zacute Zdot zdot Zcaron zcaron
        """

    private static let greek = """
        Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho - Sigma Tau Upsilon \
        Phi Chi Psi Omega - - - - - - - alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi \
        omicron pi rho sigmaf sigma tau upsilon phi chi psi omega
        """

    /// Name and number.
    private static let others = """
        fnof 402 circ 710 tilde 732 thetasym 977 upsih 978 piv 982 ensp 8194 emsp 8195 thinsp 8201 zwnj 8204 zwj \
        8205 lrm 8206 rlm 8207 ndash 8211 mdash 8212 lsquo 8216 rsquo 8217 sbquo 8218 ldquo 8220 rdquo 8221 bdquo \
        8222 dagger 8224 Dagger 8225 bull 8226 hellip 8230 permil 8240 prime 8242 Prime 8243 lsaquo 8249 rsaquo 8250 \
        oline 8254 frasl 8260 euro 8364 image 8465 weierp 8472 real 8476 trade 8482 alefsym 8501 larr 8592 uarr 8593 \
        rarr 8594 darr 8595 harr 8596 crarr 8629 lArr 8656 uArr 8657 rArr 8658 dArr 8659 hArr 8660 forall 8704 part \
        8706 exist 8707 empty 8709 nabla 8711 isin 8712 notin 8713 ni 8715 prod 8719 sum 8721 minus 8722 lowast 8727 \
        radic 8730 prop 8733 infin 8734 ang 8736 and 8743 or 8744 cap 8745 cup 8746 int 8747 there4 8756 sim 8764 \
        cong 8773 asymp 8776 ne 8800 equiv 8801 le 8804 ge 8805 sub 8834 sup 8835 nsub 8836 sube 8838 supe 8839 \
        oplus 8853 otimes 8855 perp 8869 sdot 8901 lceil 8968 rceil 8969 lfloor 8970 rfloor 8971 lang 9001 rang 9002 \
        loz 9674 spades 9824 clubs 9827 hearts 9829 diams 9830
        """

    /// What 128 to 159 are read as.
    private static let windows1252: [UInt32] = [
        8364, 129, 8218, 402, 8222, 8230, 8224, 8225, 710, 8240, 352, 8249, 338, 141, 381, 143, 144, 8216, 8217,
        8220, 8221, 8226, 8211, 8212, 732, 8482, 353, 8250, 339, 157, 382, 376,
    ]
}
