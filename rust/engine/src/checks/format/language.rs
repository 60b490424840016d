//! `language`: two-letter codes of languages.

use super::codes::Pairs;
use super::{About, Kernel};

pub(super) struct Language;

impl Kernel for Language {
    const ABOUT: About = About {
        name: "language",
        aliases: &[],
        summary: "a two-letter code of a language in lower case",
        source: "ISO 639-1, 183 codes",
        pattern: "[a-z]{2}",
        beyond: "the code is assigned",
        example: "de",
    };

    #[inline]
    fn accepts(text: &[u8]) -> bool {
        CODES.contains(text, b'a')
    }
}

static CODES: Pairs = Pairs::new(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv \
     cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho \
     hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku \
     kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn \
     no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm \
     sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi \
     vo wa wo xh yi yo za zh zu",
    b'a',
);
