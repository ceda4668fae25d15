"""Towns under the names that one and the same caption may give them in different languages.

A sidecar names the town once, a caption names it in French, Arabic, English or Spanish. Towns
that are not here are found as the sidecar or the metadata writes them; both spellings can stand
there, with a slash between them.
"""

from __future__ import annotations

#: One line a town; spellings that differ in accents alone are written once.
SPELLINGS = (
    ("Agadir", "أكادير", "أغادير"),
    ("Al Hoceïma", "Alhucemas", "الحسيمة"),
    ("Asilah", "Arcila", "أصيلة"),
    ("Azrou", "أزرو"),
    ("Beni Mellal", "بني ملال"),
    ("Berkane", "بركان"),
    ("Berrechid", "برشيد"),
    ("Casablanca", "Casa", "Dar el Beida", "الدار البيضاء", "كازابلانكا", "كازا"),
    ("Ceuta", "Sebta", "سبتة"),
    ("Chefchaouen", "Chaouen", "Xauen", "شفشاون"),
    ("Dakhla", "الداخلة"),
    ("El Jadida", "Mazagan", "الجديدة"),
    ("Errachidia", "الراشيدية", "الرشيدية"),
    ("Essaouira", "Mogador", "الصويرة"),
    ("Fès", "Fez", "فاس"),
    ("Figuig", "فكيك", "فجيج"),
    ("Fnideq", "Castillejos", "الفنيدق"),
    ("Guelmim", "Goulimine", "كلميم"),
    ("Ifrane", "إفران"),
    ("Jerada", "جرادة"),
    ("Kénitra", "القنيطرة"),
    ("Khémisset", "الخميسات"),
    ("Khénifra", "خنيفرة"),
    ("Khouribga", "خريبكة"),
    ("Ksar el-Kébir", "Alcazarquivir", "القصر الكبير"),
    ("Laâyoune", "El Aaiún", "Layoune", "العيون"),
    ("Larache", "Alarache", "العرائش"),
    ("Marrakech", "Marrakesh", "Marraquech", "مراكش"),
    ("Meknès", "Mequinez", "مكناس"),
    ("Melilla", "Melilia", "مليلية"),
    ("Mohammedia", "Fédala", "المحمدية"),
    ("Nador", "الناظور", "الناضور"),
    ("Ouarzazate", "ورزازات"),
    ("Oujda", "Uxda", "Ujda", "وجدة"),
    ("Rabat", "الرباط"),
    ("Safi", "Asfi", "آسفي"),
    ("Saïdia", "السعيدية"),
    ("Salé", "Sla", "سلا"),
    ("Sefrou", "صفرو"),
    ("Settat", "سطات"),
    ("Sidi Ifni", "سيدي إفني"),
    ("Tanger", "Tangier", "Tangiers", "Tangeri", "Tandja", "طنجة"),
    ("Taounate", "تاونات"),
    ("Taourirt", "تاوريرت"),
    ("Taroudant", "تارودانت"),
    ("Taza", "تازة"),
    ("Témara", "تمارة"),
    ("Tétouan", "Tetuán", "تطوان"),
    ("Tiznit", "تيزنيت"),
    ("Zagora", "زاكورة"),
)
