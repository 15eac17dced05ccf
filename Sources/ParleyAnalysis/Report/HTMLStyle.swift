/// The look of an HTML report: on paper, on a light screen and on a dark one. Every colour of text has a
/// contrast of at least 4.5 to 1 against what it stands on (WCAG 2.2, 1.4.3), lines and marks 3 to 1.
enum HTMLStyle {
    static let sheet = colours + page + pictures + print

    private static let light = """
        --paper:#fff;--ink:#1b1f24;--soft:#525a63;--line:#8a929b;--rule:#d5dae0;--band0:#eef1f5;--band1:#fafbfc;\
        --link:#0a4f9c;--c0:#0a57a4;--c1:#a8460a;--c2:#1c6b3c;--c3:#8a1f6a;--c4:#5b4a00;--c5:#44409c;\
        --ii:#b2182b;--iit:#fff;--i:#f6c3b0;--it:#1b1f24;--n:#f3f4f6;--nt:#1b1f24;--c:#c4dbee;--ct:#1b1f24;\
        --cc:#1f5f9e;--cct:#fff
        """
    private static let dark = """
        --paper:#14171b;--ink:#e8eaed;--soft:#aab2bb;--line:#7d8691;--rule:#343a42;--band0:#20252c;--band1:#191d22;\
        --link:#8ab8f0;--c0:#7db3f2;--c1:#f0a26b;--c2:#7fcf9b;--c3:#ee9ad2;--c4:#d9c25a;--c5:#b3affa;\
        --ii:#e06b5f;--iit:#14171b;--i:#5d352d;--it:#fbe9e4;--n:#262b32;--nt:#e8eaed;--c:#24405c;--ct:#e3eefa;\
        --cc:#6aa7e0;--cct:#14171b
        """
    private static let colours = """
        :root{\(light)}
        @media (prefers-color-scheme:dark){:root{\(dark)}}

        """

    private static let page = """
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:52rem;padding:0 1.25rem 3rem;background:var(--paper);color:var(--ink);\
        font:1rem/1.55 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        h1{font-size:1.9rem;line-height:1.2;margin:.3rem 0 1rem}
        h2{font-size:1.3rem;margin:2.2rem 0 .6rem;padding-bottom:.2rem;border-bottom:1px solid var(--rule)}
        h3{font-size:1.05rem;margin:1.5rem 0 .4rem}
        p,ul{margin:.5rem 0}ul{padding-inline-start:1.3rem}li{margin:.2rem 0}
        p,li,td,th,h1,h2,h3,figcaption{overflow-wrap:break-word}
        a{color:var(--link)}
        :focus-visible{outline:3px solid var(--link);outline-offset:2px}
        .skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem .8rem}
        .tlp{font-weight:700;letter-spacing:.04em;text-align:center;margin:1rem 0;border:1px solid var(--line);padding:.25rem}
        nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.92rem}
        pre{white-space:pre;overflow-x:auto;background:var(--band0);padding:.7rem;font-size:.88rem}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.92rem;margin:.6rem 0}
        caption{text-align:start;font-weight:600;padding:.3rem 0;color:var(--soft)}
        th,td{text-align:start;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--rule)}
        thead th{border-bottom:2px solid var(--line)}td{min-width:4.4rem}tbody th{font-weight:400;min-width:11rem}
        figure{margin:1.2rem 0}figcaption,summary{font-size:.92rem;color:var(--soft)}summary{cursor:pointer}

        """

    private static let pictures = """
        svg{display:block;width:100%;min-width:36rem;height:auto;font-family:inherit}
        svg .t{font-size:12px;fill:var(--ink)}svg .s{font-size:10px;fill:var(--soft)}svg .b{font-weight:700}
        .axis{stroke:var(--line)}.grid{stroke:var(--rule)}.leader{stroke:var(--line);stroke-dasharray:2 2;fill:none}
        .band0{fill:var(--band0)}.band1{fill:var(--band1)}
        .line{fill:none;stroke-width:1.8}.median{fill:none;stroke:var(--ink);stroke-width:3;stroke-dasharray:7 3}
        .d1{stroke-dasharray:6 3}.d2{stroke-dasharray:2 3}.d3{stroke-dasharray:9 3 2 3}
        .c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}\
        .c5{stroke:var(--c5)}
        .mark{fill:var(--paper);stroke-width:2}
        .box{fill:var(--band0);stroke:var(--line)}
        .edge{fill:none;stroke:var(--ink)}.elowers{stroke-dasharray:8 5}.emixed,.enone{stroke-dasharray:2 4}
        .cell{stroke:var(--rule)}.rII{fill:var(--ii)}.rI{fill:var(--i)}.rN,.rNA{fill:var(--n)}.rC{fill:var(--c)}\
        .rCC{fill:var(--cc)}.rnone{fill:var(--paper)}
        .rIIt,.rIt,.rNt,.rNAt,.rCt,.rCCt,.rnonet{font-size:12px;font-weight:700}
        .rIIt{fill:var(--iit)}.rIt{fill:var(--it)}.rNt,.rNAt{fill:var(--nt)}.rCt{fill:var(--ct)}.rCCt{fill:var(--cct)}\
        .rnonet{fill:var(--soft)}

        """

    private static let print = """
        @media print{:root{\(light)}body{max-width:none;font-size:10.5pt}nav,.skip,details{display:none}\
        h2,h3{break-after:avoid}figure,tr{break-inside:avoid}.wide{overflow:visible}svg{min-width:0}\
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}\
        @page{margin:18mm}}
        """
}
