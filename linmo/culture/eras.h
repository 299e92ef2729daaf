// SPDX-License-Identifier: Apache-2.0
// Names of periods, dynasties and reigns with their years, for dates.cc alone.
#pragma once

#include <array>
#include <string_view>

namespace linmo::culture {

struct Era {
  std::string_view names;  // separated by '|'; Latin ones in lower case without accents and apostrophes
  int from, to;
  bool counts_years = false;  // a reign or era whose years are counted: year n is from + n − 1
};

// Years of the periods as museums in East Asia and the Heilbrunn Timeline of Art History (Metropolitan
// Museum) give them; those of Japanese eras and Chinese reigns as calendars count them (the first year is the
// one in which the name was introduced, or began to be counted).
inline constexpr std::array kEras = {
    // China
    Era{"shang|商代|商朝|殷", -1600, -1046},
    Era{"western zhou|西周", -1046, -771},
    Era{"eastern zhou|東周|东周", -770, -256},
    Era{"zhou|周代|周朝", -1046, -256},
    Era{"spring and autumn|春秋", -770, -476},
    Era{"warring states|戰國|战国", -475, -221},
    Era{"qin|秦代|秦朝", -221, -206},
    Era{"western han|西漢|西汉", -206, 9},
    Era{"eastern han|東漢|东汉", 25, 220},
    Era{"han|漢代|汉代|漢朝|汉朝", -206, 220},
    Era{"six dynasties|六朝", 220, 589},
    Era{"northern wei|北魏", 386, 534},
    Era{"northern qi|北齊|北齐", 550, 577},
    Era{"western jin|西晉|西晋", 265, 316},
    Era{"eastern jin|東晉|东晋", 317, 420},
    Era{"晉|晋代|晋朝", 265, 420},
    Era{"northern and southern dynasties|南北朝", 420, 589},
    Era{"sui|隋代|隋朝|隋", 581, 618},
    Era{"tang|唐代|唐朝|唐", 618, 907},
    Era{"five dynasties|五代", 907, 960},
    Era{"liao|遼代|辽代|遼朝|辽朝", 907, 1125},
    Era{"northern song|北宋", 960, 1127},
    Era{"southern song|南宋", 1127, 1279},
    Era{"song|宋代|宋朝|宋", 960, 1279},
    Era{"金代|金朝", 1115, 1234},
    Era{"yuan|元代|元朝|元", 1271, 1368},
    Era{"ming|明代|明朝|明", 1368, 1644},
    Era{"qing|ching|清代|清朝|清", 1644, 1911},
    Era{"republic of china|republican period|民國|民国", 1912, 1949},
    // Japan
    Era{"kofun|古墳時代", 250, 538},
    Era{"asuka|飛鳥時代", 538, 710},
    Era{"nara|奈良時代", 710, 794},
    Era{"heian|平安時代|平安时代|平安", 794, 1185},
    Era{"kamakura|鎌倉|镰仓", 1185, 1333},
    Era{"nanbokucho|nambokucho|南北朝時代", 1336, 1392},
    Era{"muromachi|ashikaga|室町", 1336, 1573},
    Era{"azuchi momoyama|momoyama|桃山", 1573, 1603},
    Era{"edo|tokugawa|江戸|江户|江戶", 1603, 1868},
    // Korea
    Era{"unified silla|統一新羅|통일신라", 668, 935},
    Era{"goryeo|koryo|高麗|高丽|고려", 918, 1392},
    Era{"joseon|choson|chosen|朝鮮|朝鲜|조선", 1392, 1910},
    // Japanese eras since 1573
    Era{"天正|tensho", 1573, 1592, true},
    Era{"文禄|bunroku", 1592, 1596, true},
    Era{"慶長|keicho", 1596, 1615, true},
    Era{"元和|genna", 1615, 1624, true},
    Era{"寛永|kanei", 1624, 1644, true},
    Era{"正保|shoho", 1644, 1648, true},
    Era{"慶安|keian", 1648, 1652, true},
    Era{"承応|joo", 1652, 1655, true},
    Era{"明暦|meireki", 1655, 1658, true},
    Era{"万治|manji", 1658, 1661, true},
    Era{"寛文|kanbun", 1661, 1673, true},
    Era{"延宝|enpo", 1673, 1681, true},
    Era{"天和|tenna", 1681, 1684, true},
    Era{"貞享|jokyo", 1684, 1688, true},
    Era{"元禄|genroku", 1688, 1704, true},
    Era{"宝永|hoei", 1704, 1711, true},
    Era{"正徳|shotoku", 1711, 1716, true},
    Era{"享保|kyoho", 1716, 1736, true},
    Era{"元文|genbun", 1736, 1741, true},
    Era{"寛保|kanpo", 1741, 1744, true},
    Era{"延享|enkyo", 1744, 1748, true},
    Era{"寛延|kanen", 1748, 1751, true},
    Era{"宝暦|horeki", 1751, 1764, true},
    Era{"明和|meiwa", 1764, 1772, true},
    Era{"安永|anei", 1772, 1781, true},
    Era{"天明|tenmei", 1781, 1789, true},
    Era{"寛政|kansei", 1789, 1801, true},
    Era{"享和|kyowa", 1801, 1804, true},
    Era{"文化|bunka", 1804, 1818, true},
    Era{"文政|bunsei", 1818, 1830, true},
    Era{"天保|tenpo|tempo", 1830, 1844, true},
    Era{"弘化|koka", 1844, 1848, true},
    Era{"嘉永|kaei", 1848, 1854, true},
    Era{"安政|ansei", 1854, 1860, true},
    Era{"万延|manen", 1860, 1861, true},
    Era{"文久|bunkyu", 1861, 1864, true},
    Era{"元治|genji", 1864, 1865, true},
    Era{"慶応|keio", 1865, 1868, true},
    Era{"明治|meiji", 1868, 1912, true},
    Era{"大正|taisho", 1912, 1926, true},
    Era{"昭和|showa", 1926, 1989, true},
    Era{"平成|heisei", 1989, 2019, true},
    // Chinese reigns of Ming and Qing
    Era{"洪武|hongwu", 1368, 1398, true},
    Era{"永樂|永乐|yongle", 1403, 1424, true},
    Era{"宣德|xuande", 1426, 1435, true},
    Era{"正統|正统|zhengtong", 1436, 1449, true},
    Era{"景泰|jingtai", 1450, 1456, true},
    Era{"天順|天顺|tianshun", 1457, 1464, true},
    Era{"成化|chenghua", 1465, 1487, true},
    Era{"弘治|hongzhi", 1488, 1505, true},
    Era{"正德|zhengde", 1506, 1521, true},
    Era{"嘉靖|jiajing", 1522, 1566, true},
    Era{"隆慶|隆庆|longqing", 1567, 1572, true},
    Era{"萬曆|万历|wanli", 1573, 1620, true},
    Era{"天啟|天启|tianqi", 1621, 1627, true},
    Era{"崇禎|崇祯|chongzhen", 1628, 1644, true},
    Era{"順治|顺治|shunzhi", 1644, 1661, true},
    Era{"康熙|kangxi", 1662, 1722, true},
    Era{"雍正|yongzheng", 1723, 1735, true},
    Era{"乾隆|qianlong", 1736, 1795, true},
    Era{"嘉慶|嘉庆|jiaqing", 1796, 1820, true},
    Era{"道光|daoguang", 1821, 1850, true},
    Era{"咸豐|咸丰|xianfeng", 1851, 1861, true},
    Era{"同治|tongzhi", 1862, 1874, true},
    Era{"光緒|光绪|guangxu", 1875, 1908, true},
    Era{"宣統|宣统|xuantong", 1909, 1911, true},
};

}  // namespace linmo::culture
